//! Errands that travel through FreeSWITCH as one word of an application's data. An errand is what a leg was sent for, and
//! is handed out once.
//!
//! An errand is *out* until its leg takes it. Before the leg has *set off*, the errand can be called off, and nothing has
//! happened to the leg. Afterwards the leg cannot be held any more, and the errand stays valid until the leg takes it
//! or has hung up.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::park::Refusal;

/// Nothing a dialplan would write, and worthless to one that does: only tokens that are out count.
const PREFIX: &str = "token:";

/// The errands that are out.
pub(crate) struct Tokens<T> {
    out: Mutex<HashMap<String, Out<T>>>,
    /// Those that are forgotten one day, the first of them first. Never locked together with the others.
    lapsing: Mutex<VecDeque<(Instant, String)>>,
    count: AtomicU64,
}

struct Out<T> {
    errand: T,
    /// Where the leg goes: the application and its data.
    destination: String,
    set_off: bool,
    /// The leg was asked to set off, and did not.
    asked_in_vain: bool,
    /// Why the leg is not to set off any more.
    refused: Option<Refusal>,
}

/// How far an errand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// It is not out: the leg has taken it, or it was called off.
    Over,
    /// The leg has not set off. True if it was asked to, in vain.
    Asked(bool),
    /// The leg has not set off, and need not any more.
    Refused(Refusal),
    /// The leg is on its way. True if it was asked again since then.
    Away(bool),
}

impl<T> Default for Tokens<T> {
    fn default() -> Self {
        Self { out: Mutex::default(), lapsing: Mutex::default(), count: AtomicU64::default() }
    }
}

impl<T> Tokens<T> {
    /// Makes a token for an errand to `application`. `place`: what the application is to do with a leg that comes with a token
    /// which is not out, after the module was loaded again for one.
    pub(crate) fn issue(&self, errand: T, application: &str, place: &str) -> String {
        // Not to be guessed: a dialplan may hand on what a caller has dialled.
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let token = format!("{PREFIX}{number}-{:016x}", fastrand::u64(..));
        let destination = format!("{application}:{token} {place}");
        let destination = destination.trim_end().to_owned();
        let new = Out { errand, destination, set_off: false, asked_in_vain: false, refused: None };
        self.forget(Instant::now());
        self.out.lock().insert(token.clone(), new);
        token
    }

    /// It is not known which leg comes for it, so it is forgotten after a minute.
    pub(crate) fn lapse(&self, token: &str) {
        const COMES_WITHIN: Duration = Duration::from_secs(60);
        if self.is_out(token) {
            self.lapsing.lock().push_back((Instant::now() + COMES_WITHIN, token.to_owned()));
        }
    }

    /// Forgets those whose time is over.
    fn forget(&self, now: Instant) {
        let over: Vec<String> = {
            let mut lapsing = self.lapsing.lock();
            let over = lapsing.partition_point(|(until, _)| *until <= now);
            lapsing.drain(..over).map(|(_, token)| token).collect()
        };
        if !over.is_empty() {
            let mut out = self.out.lock();
            over.iter().for_each(|token| drop(out.remove(token)));
        }
    }

    /// Where the leg with that token goes.
    pub(crate) fn destination(&self, token: &str) -> Option<String> {
        self.out.lock().get(token).map(|out| out.destination.clone())
    }

    /// Looks at the errand.
    pub(crate) fn look<R>(&self, token: &str, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.out.lock().get(token).map(|out| read(&out.errand))
    }

    /// Changes the errand, if it is out.
    pub(crate) fn change(&self, token: &str, change: impl FnOnce(&mut T)) {
        if let Some(out) = self.out.lock().get_mut(token) {
            change(&mut out.errand);
        }
    }

    /// The leg sets off; where to. From here on the errand cannot be called off. `None`: it was called off or refused, or
    /// the leg has arrived.
    pub(crate) fn set_off(&self, token: &str) -> Option<String> {
        let mut out = self.out.lock();
        let out = out.get_mut(token).filter(|out| out.refused.is_none())?;
        out.set_off = true;
        Some(out.destination.clone())
    }

    /// The leg was asked, and did not set off.
    pub(crate) fn asked_in_vain(&self, token: &str) {
        if let Some(out) = self.out.lock().get_mut(token) {
            out.asked_in_vain = true;
        }
    }

    /// The leg was asked, and need not set off any more.
    pub(crate) fn refuse(&self, token: &str, why: Refusal) {
        if let Some(out) = self.out.lock().get_mut(token).filter(|out| !out.set_off) {
            out.refused = Some(why);
        }
    }

    /// How far it is. That the leg was asked in vain is said once.
    pub(crate) fn progress(&self, token: &str) -> Progress {
        let mut out = self.out.lock();
        let Some(out) = out.get_mut(token) else { return Progress::Over };
        let in_vain = std::mem::take(&mut out.asked_in_vain);
        match out.refused {
            Some(refusal) => Progress::Refused(refusal),
            None if out.set_off => Progress::Away(in_vain),
            None => Progress::Asked(in_vain),
        }
    }

    /// Calls it off unless the leg has set off. Returns whether it was called off.
    pub(crate) fn call_off(&self, token: &str) -> bool {
        let mut out = self.out.lock();
        match out.get(token) {
            Some(errand) if errand.set_off => false,
            Some(_) => out.remove(token).is_some(),
            None => false,
        }
    }

    /// Takes the errand. `data` begins with its token. `None` if it was taken before, or never existed.
    pub(crate) fn take(&self, data: &str) -> Option<T> {
        self.out.lock().remove(token(data)).map(|out| out.errand)
    }

    /// Whether it has not been taken yet.
    pub(crate) fn is_out(&self, token: &str) -> bool {
        self.out.lock().contains_key(token)
    }
}

/// Whether an application's data is that of an errand, good or spent.
#[must_use]
pub(crate) fn is_token(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// What the application is to do if the token in its data is not out.
#[must_use]
pub(crate) fn place(data: &str) -> &str {
    data.split_once(' ').map_or("", |(_, place)| place)
}

/// The token in an application's data.
#[must_use]
pub(crate) fn token(data: &str) -> &str {
    data.split_once(' ').map_or(data, |(token, _)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_handed_out_once() {
        let tokens = Tokens::default();
        let token = tokens.issue(7, "callpark", "default 705");
        assert_eq!(tokens.destination(&token), Some(format!("callpark:{token} default 705")));
        let data = format!("{token} default 705");
        assert!(is_token(&data) && tokens.is_out(&token) && place(&data) == "default 705");
        assert_eq!((tokens.take(&data), tokens.take(&token)), (Some(7), None));
        assert_eq!(tokens.progress(&token), Progress::Over);
    }

    #[test]
    fn who_has_set_off_cannot_be_called_off_and_who_was_called_off_does_not_set_off() {
        let tokens = Tokens::default();
        let (away, off) = (tokens.issue(1, "a", ""), tokens.issue(2, "a", ""));
        assert_eq!(tokens.set_off(&away), Some(format!("a:{away}")));
        assert!(!tokens.call_off(&away) && tokens.call_off(&off));
        assert_eq!((tokens.set_off(&off), tokens.take(&off)), (None, None));
        assert_eq!((tokens.progress(&away), tokens.take(&away)), (Progress::Away(false), Some(1)));
    }

    #[test]
    fn a_refusal_counts_unless_the_leg_has_set_off() {
        let tokens = Tokens::default();
        let (away, off) = (tokens.issue(1, "a", ""), tokens.issue(2, "a", ""));
        tokens.set_off(&away);
        for token in [&away, &off] {
            tokens.refuse(token, Refusal::Empty);
        }
        assert_eq!(tokens.progress(&off), Progress::Refused(Refusal::Empty));
        assert_eq!((tokens.set_off(&off), tokens.progress(&away)), (None, Progress::Away(false)));
    }

    #[test]
    fn errands_of_legs_nobody_knows_are_forgotten() {
        let tokens = Tokens::default();
        let (lost, kept) = (tokens.issue(1, "a", ""), tokens.issue(2, "a", ""));
        tokens.lapse(&lost);
        tokens.forget(Instant::now() + Duration::from_secs(59));
        assert!(tokens.is_out(&lost));
        tokens.forget(Instant::now() + Duration::from_secs(61));
        assert_eq!((tokens.take(&lost), tokens.take(&kept)), (None, Some(2)));
    }

    #[test]
    fn that_a_leg_was_asked_in_vain_is_said_once() {
        let tokens = Tokens::default();
        let token = tokens.issue(1, "a", "");
        tokens.asked_in_vain(&token);
        assert_eq!(tokens.progress(&token), Progress::Asked(true));
        assert_eq!(tokens.progress(&token), Progress::Asked(false));
    }
}
