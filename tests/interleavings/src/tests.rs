use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::alarm::Alarm;
use crate::summons::Summons;

/// Longer than any wait that somebody ends.
const LONG: Duration = Duration::from_secs(3600);

/// Plays `threads` in every order with up to three changes at other places than where a thread waits or ends.
fn in_every_order(threads: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(threads);
}

/// Waits until there is something to do, as a parked leg does.
fn sleep(alarm: &Alarm) {
    while !alarm.is_woken() {
        alarm.wait(LONG);
    }
}

#[test]
fn who_is_woken_and_roused_does_not_sleep_on() {
    in_every_order(|| {
        let alarm = Arc::new(Alarm::default());
        let theirs = Arc::clone(&alarm);
        let waker = thread::spawn(move || {
            theirs.wake();
            theirs.rouse();
        });
        sleep(&alarm);
        waker.join().unwrap();
    });
}

#[test]
fn what_was_done_before_waking_is_seen_by_who_looks() {
    in_every_order(|| {
        let (alarm, work) = (Arc::new(Alarm::default()), Arc::new(AtomicUsize::new(0)));
        let wakers = [(); 2].map(|()| {
            let (alarm, work) = (Arc::clone(&alarm), Arc::clone(&work));
            thread::spawn(move || {
                // Nothing but the alarm orders this.
                work.fetch_add(1, Ordering::Relaxed);
                alarm.wake();
                alarm.rouse();
            })
        });
        let mut seen = 0;
        while seen < 2 {
            sleep(&alarm);
            alarm.lower();
            seen = work.load(Ordering::Relaxed);
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

#[test]
fn whatever_was_asked_for_is_done_by_somebody_who_was_sent() {
    in_every_order(|| {
        let summons = Arc::new(Summons::default());
        let (asked, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let askers = [(); 2].map(|()| {
            let (summons, asked, done) =
                (Arc::clone(&summons), Arc::clone(&asked), Arc::clone(&done));
            thread::spawn(move || {
                asked.fetch_add(1, Ordering::Relaxed);
                summons.is_first().then(|| {
                    thread::spawn(move || {
                        summons.begin();
                        done.fetch_max(asked.load(Ordering::Relaxed), Ordering::Relaxed);
                    })
                })
            })
        });
        for asker in askers {
            if let Some(sent) = asker.join().unwrap() {
                sent.join().unwrap();
            }
        }
        assert_eq!(done.load(Ordering::Relaxed), 2);
    });
}
