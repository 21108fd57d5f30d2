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

/// All of them.
pub(super) const ASSETS: &[Asset] = &[Asset {
    path: "/",
    kind: "text/html; charset=utf-8",
    body: include_bytes!("board/index.html"),
}];
