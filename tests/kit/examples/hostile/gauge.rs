//! What the switch holds, again and again.

use std::time::{Duration, Instant};

use kit::{Esl, Event, Switch};

/// How often it is looked at.
const SAMPLES: u32 = 40;
/// What it may hold more at the end than in the second quarter, as a share and beyond that.
const GROWTH: f64 = 1.05;

/// What is looked at, its unit, and how much more of it is nothing.
const WHAT: [(&str, &str, f64); 6] = [
    ("memory", "MiB", 4.0),
    ("threads", "", 8.0),
    ("descriptors", "", 16.0),
    ("channels", "", 10.0),
    ("an event takes", "ms", 100.0),
    ("processor", "%", 15.0),
];

pub struct Gauge {
    samples: Vec<[f64; WHAT.len()]>,
}

impl Gauge {
    /// Looks for so long.
    pub fn watch(switch: &Switch, duration: Duration) -> Gauge {
        let mut samples = Vec::new();
        let (mut esl, mut own) = (switch.esl(), switch.esl());
        own.subscribe(&["CUSTOM kit::lag"]).expect("a subscription");
        let (begun, every) = (Instant::now(), duration / SAMPLES);
        let mut cpu = switch.processor_s();
        let mut before = begun;
        for sample in 1..=SAMPLES {
            std::thread::sleep((begun + every * sample).saturating_duration_since(Instant::now()));
            let now = switch.processor_s();
            let busy = (now - cpu) / before.elapsed().as_secs_f64() * 100.0;
            (cpu, before) = (now, Instant::now());
            samples.push([
                switch.rss_kib() as f64 / 1024.0,
                switch.threads() as f64,
                switch.descriptors() as f64,
                switch.channels() as f64,
                lag_ms(&mut esl, &mut own),
                busy,
            ]);
        }
        Gauge { samples }
    }

    /// The means of the quarters.
    fn quarters(&self, of: usize) -> Vec<f64> {
        let size = (self.samples.len() / 4).max(1);
        let mean = |part: &[[f64; WHAT.len()]]| {
            part.iter().map(|s| s[of]).sum::<f64>() / part.len() as f64
        };
        self.samples.chunks(size).take(4).map(mean).collect()
    }

    pub fn print(&self) {
        for (of, (name, unit, _)) in WHAT.iter().enumerate() {
            let quarters: Vec<_> = self.quarters(of).iter().map(|q| format!("{q:8.1}")).collect();
            let most = self.samples.iter().map(|s| s[of]).fold(0.0, f64::max);
            println!("  {name:15} {} {unit:3}  (most {most:.1})", quarters.join(" "));
        }
    }

    /// What has grown from the second quarter to the last.
    pub fn not_flat(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (of, (name, unit, slack)) in WHAT.iter().enumerate() {
            let quarters = self.quarters(of);
            if let [_, second, _, last] = quarters[..]
                && last > second * GROWTH + slack
            {
                wrong
                    .push(format!("{name} is not flat: {second:.1} {unit}, then {last:.1} {unit}"));
            }
        }
        wrong
    }
}

/// The time an event takes from one connection to another, which is what waits in FreeSWITCH's queue.
fn lag_ms(esl: &mut Esl, own: &mut Esl) -> f64 {
    let begun = Instant::now();
    let id = kit::new_uuid();
    let headers = [("Event-Subclass", "kit::lag"), ("Kit-Id", id.as_str())];
    esl.send_event("CUSTOM", &headers, "").expect("an event");
    let ours = |event: &Event| event.is("Kit-Id", &id);
    while !own.next_event().is_ok_and(|event| ours(&event)) {
        if begun.elapsed() > Duration::from_secs(30) {
            break;
        }
    }
    begun.elapsed().as_secs_f64() * 1000.0
}
