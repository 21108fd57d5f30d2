//! The files of the board. They are public; what they show is not in them.

/// A file.
pub(super) struct Asset {
    /// Under which path.
    pub path: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// What is in it.
    pub body: &'static [u8],
}

macro_rules! assets {
    ($($path:literal $name:literal $kind:ident;)*) => {
        /// All of them.
        pub(super) const ASSETS: &[Asset] =
            &[$(Asset { path: $path, kind: $kind, body: include_bytes!(concat!("board/", $name)) }),*];
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";
const MANIFEST: &str = "application/manifest+json";

assets! {
    "/" "index.html" HTML;
    "/board.css" "board.css" CSS;
    "/main.js" "main.js" JS;
    "/app.js" "app.js" JS;
    "/state.js" "state.js" JS;
    "/stream.js" "stream.js" JS;
    "/api.js" "api.js" JS;
    "/words.js" "words.js" JS;
    "/dom.js" "dom.js" JS;
    "/icons.js" "icons.js" JS;
    "/notices.js" "notices.js" JS;
    "/dialogs.js" "dialogs.js" JS;
    "/actions.js" "actions.js" JS;
    "/card.js" "card.js" JS;
    "/lots.js" "lots.js" JS;
    "/told.js" "told.js" JS;
    "/drag.js" "drag.js" JS;
    "/alerts.js" "alerts.js" JS;
    "/past.js" "past.js" JS;
    "/reports.js" "reports.js" JS;
    "/plots.js" "plots.js" JS;
    "/then.js" "then.js" JS;
    "/sw.js" "sw.js" JS;
    "/manifest.webmanifest" "manifest.webmanifest" MANIFEST;
    "/icon.svg" "icon.svg" SVG;
    "/icon-192.png" "icon-192.png" PNG;
    "/icon-512.png" "icon-512.png" PNG;
}
