//! A lamp or a message counter: a subscription and the NOTIFYs that came for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agent::Agent;
use super::message::Message;

/// What a subscription shows.
#[derive(Debug, Clone)]
pub struct Notify {
    /// When it came.
    pub at: Instant,
    /// `dialog-info+xml`, `pidf+xml`, …
    pub body: String,
    /// `Subscription-State`.
    pub state: String,
}

/// A subscription that the switch accepted.
pub struct Subscription {
    pub(crate) agent: Arc<Agent>,
    pub(crate) id: String,
    pub(crate) event: String,
}

impl Subscription {
    /// The next NOTIFY whose body fits. Those before it are passed over for good.
    ///
    /// # Panics
    /// When none comes, with those that came.
    #[track_caller]
    pub fn wait(&self, timeout: Duration, mut fits: impl FnMut(&str) -> bool) -> Notify {
        match self.next(timeout, |body| fits(body)) {
            Some(notify) => notify,
            None => {
                let bodies: Vec<_> = self.all().into_iter().map(|notify| notify.body).collect();
                let bodies = bodies.join("\n--\n");
                self.agent.fail(&format!("no such NOTIFY within {timeout:?}; all:\n{bodies}\n"))
            }
        }
    }

    /// Makes sure that no such NOTIFY is there or comes.
    ///
    /// # Panics
    /// When one does.
    #[track_caller]
    pub fn none_for(&self, duration: Duration, mut fits: impl FnMut(&str) -> bool) {
        if let Some(notify) = self.next(duration, |body| fits(body)) {
            self.agent.fail(&format!("this NOTIFY was not to come:\n{}", notify.body));
        }
    }

    fn next(&self, timeout: Duration, mut fits: impl FnMut(&str) -> bool) -> Option<Notify> {
        self.agent.wait(timeout, |state| {
            let subscription = state.subscriptions.get_mut(&self.id)?;
            let coming = &subscription.notifies[subscription.passed..];
            let place = coming.iter().position(|(_, message)| fits(&message.body))?;
            let found = notify(&coming[place]);
            subscription.passed += place + 1;
            Some(found)
        })
    }

    /// What the lamp shows now.
    pub fn last(&self) -> Option<Notify> {
        self.all().pop()
    }

    /// Every NOTIFY so far.
    pub fn all(&self) -> Vec<Notify> {
        let state = self.agent.lock();
        let subscription = state.subscriptions.get(&self.id);
        subscription.map_or_else(Vec::new, |s| s.notifies.iter().map(notify).collect())
    }

    /// Subscribes again in the same dialog, as phones do before it expires.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn refresh(&self) {
        self.again(3600);
    }

    /// Ends the subscription.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn end(&self) {
        self.again(0);
    }

    #[track_caller]
    fn again(&self, expires: u32) {
        let response = self.agent.request(|state| {
            let subscription = state.subscriptions.get_mut(&self.id).expect("a subscription");
            let first = subscription.dialog.request("SUBSCRIBE");
            first.with("Event", &self.event).with("Expires", expires.to_string())
        });
        let code = response.status().unwrap_or(0);
        if !(200..300).contains(&code) {
            self.agent.fail(&format!("SUBSCRIBE again: {}", response.start));
        }
    }
}

fn notify((at, message): &(Instant, Message)) -> Notify {
    let state = message.text("Subscription-State").to_owned();
    Notify { at: *at, body: message.body.clone(), state }
}
