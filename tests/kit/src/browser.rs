//! A headless Chromium and a page in it, driven over two pipes by the DevTools protocol.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::child::Guarded;
use crate::wait::{SOON, eventually};

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Chromium with one page.
pub struct Browser {
    to: File,
    from: Receiver<Value>,
    last: u64,
    session: String,
    complaints: Vec<String>,
    folder: PathBuf,
    // Ends last.
    _process: Guarded,
}

impl Browser {
    /// Starts it with a profile of its own in that folder. None: no Chromium is installed.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn start(folder: &Path) -> Option<Browser> {
        let folder = folder.join(format!("browser-{:08x}", fastrand::u32(..)));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (to, from) = (folder.join("to"), folder.join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().expect("mkfifo").success());
        Command::new("chromium").arg("--version").output().ok()?;
        // It reads orders from descriptor 3 and writes to 4. Opening a pipe waits for its other end, in this order here and there.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<\"$TO\" 4>\"$FROM\"", "sh", "chromium"]);
        command.env("TO", &to).env("FROM", &from);
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            "--lang=en",
            "--accept-lang=en",
        ]);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        command.stdout(File::create(folder.join("stdout")).expect("a file"));
        command.stderr(File::create(folder.join("stderr")).expect("a file"));
        let process = Guarded::spawn(command).expect("sh");
        let to = File::options().write(true).open(&to).expect("a pipe");
        let answers = File::open(&from).expect("a pipe");
        let (tell, from) = channel();
        std::thread::spawn(move || {
            // Each message ends with a zero. The pipe ends with the process.
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                let Ok(value) = serde_json::from_slice(&message) else { continue };
                if tell.send(value).is_err() {
                    break;
                }
            }
        });
        let mut browser = Browser {
            to,
            from,
            last: 0,
            session: String::new(),
            complaints: Vec::new(),
            folder,
            _process: process,
        };
        let target = browser.order("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.order("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().expect("a session").to_owned();
        for part in ["Page", "Runtime", "Log", "Network"] {
            browser.order(&format!("{part}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Gives an order of the protocol, and waits for its answer.
    ///
    /// # Panics
    /// When it is not understood, or there is no answer.
    #[track_caller]
    pub fn order(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut order = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            order["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{order}\0").as_bytes()).expect("the browser has gone");
        loop {
            let message = match self.from.recv_timeout(PATIENCE) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("no answer to {method} {params}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the browser has gone"),
            };
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    /// Keeps what a page should not give rise to.
    fn note(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string())
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.complaints.push(params["entry"].to_string());
            }
            Some("Page.javascriptDialogOpening") => {
                self.complaints.push(format!("a dialog opened: {params}"));
            }
            _ => {}
        }
    }

    /// What has gone wrong in the page since the last time: exceptions, dialogs of scripts, requests without an answer, and what
    /// the policy for its contents did not let happen.
    pub fn complaints(&mut self) -> Vec<String> {
        self.eval("null");
        std::mem::take(&mut self.complaints)
    }

    /// Goes to that address, and waits until the page is there.
    #[track_caller]
    pub fn go(&mut self, url: &str) {
        let answer = self.order("Page.navigate", json!({"url": url}));
        assert!(answer["errorText"].is_null(), "{url}: {answer}");
        self.until("document.readyState === 'complete'");
    }

    /// The value of an expression, which may be a promise.
    ///
    /// # Panics
    /// When it throws.
    #[track_caller]
    pub fn eval(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let answer = self.order("Runtime.evaluate", params);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{script}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// The same as a text.
    #[track_caller]
    pub fn text(&mut self, script: &str) -> String {
        match self.eval(script) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Waits until the expression is true.
    ///
    /// # Panics
    /// When it does not become so.
    #[track_caller]
    pub fn until(&mut self, script: &str) {
        let what = format!("{script}; errors: {:?}", self.complaints);
        eventually(SOON, &what, || (self.eval(script) == true).then_some(()));
    }

    /// Presses a key: a character, or a name such as `Enter`.
    pub fn key(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let params = |kind: &str, text: &str| json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
        self.order("Input.dispatchKeyEvent", params(kind, text));
        self.order("Input.dispatchKeyEvent", params("keyUp", ""));
    }

    /// Types a text into what has the focus.
    pub fn type_text(&mut self, text: &str) {
        self.order("Input.insertText", json!({"text": text}));
    }

    /// Clicks in the middle of the first element of that selector.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let (x, y) = self.middle(selector);
        self.mouse("mousePressed", x, y);
        self.mouse("mouseReleased", x, y);
    }

    /// Drags from the middle of the one to the middle of the other, which may be there only while something is dragged.
    #[track_caller]
    pub fn drag(&mut self, from: &str, to: &str) {
        let (x, y) = self.middle(from);
        self.mouse("mousePressed", x, y);
        self.mouse("mouseMoved", x + 20.0, y + 20.0);
        let (x, y) = self.middle(to);
        self.mouse("mouseMoved", x, y);
        self.mouse("mouseReleased", x, y);
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        let params =
            json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
        self.order("Input.dispatchMouseEvent", params);
    }

    #[track_caller]
    fn middle(&mut self, selector: &str) -> (f64, f64) {
        let selector = json!(selector);
        self.until(&format!("document.querySelector({selector}) !== null"));
        let script = format!(
            "(() => {{ const e = document.querySelector({selector}); e.scrollIntoView({{ block: 'nearest' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        );
        let place = self.eval(&script);
        (place[0].as_f64().expect("a place"), place[1].as_f64().expect("a place"))
    }

    /// How large the page is, in pixels, and whether its user likes it dark.
    pub fn look(&mut self, width: u32, height: u32, dark: bool) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.order("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.order("Emulation.setEmulatedMedia", features);
    }

    /// Cuts it off from the network, or connects it again.
    pub fn offline(&mut self, offline: bool) {
        let params = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.order("Network.emulateNetworkConditions", params);
    }

    /// Runs a script in every page before its own.
    pub fn before_each_page(&mut self, script: &str) {
        self.order("Page.addScriptToEvaluateOnNewDocument", json!({"source": script}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // While it lives, it writes to its profile.
        self._process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_driven() {
        let Some(mut browser) = Browser::start(&std::env::temp_dir()) else {
            return crate::skipped("chromium, which is not installed (make setup)");
        };
        browser.go("data:text/html,<title>a</title><input autofocus><button onclick=\"document.title='b'\">x</button>");
        browser.eval("document.querySelector('input').focus()");
        browser.type_text("hé");
        browser.key("x");
        assert_eq!(browser.text("document.querySelector('input').value"), "héx");
        browser.click("button");
        browser.until("document.title === 'b'");
        assert_eq!(browser.text("new Promise((done) => setTimeout(() => done([1]), 10))"), "[1]");
        assert!(browser.complaints().is_empty());
        browser.eval("setTimeout(() => { throw new Error('ill') })");
        browser.until("true");
        let complaints = browser.complaints();
        assert!(complaints.concat().contains("ill"), "{complaints:?}");
    }
}
