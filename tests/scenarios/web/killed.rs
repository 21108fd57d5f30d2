//! The switch is killed while readers of the stream are connected. They come again, and have every event once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use kit::{Http, SOON, new_uuid};

use super::super::journal::history;
use super::super::lot::{Scene, setup};
use super::{LISTEN, conf};

const LONG: Duration = Duration::from_secs(60);
const KILLS: u32 = 2;
const READERS: usize = 3;
/// Calls whose legs cannot come back are lost soon.
const RECOVERY: &str =
    "<param name=\"recover-within\" value=\"2\"/><param name=\"lost\" value=\"none\"/>\n";

/// What a reader was told.
#[derive(Default)]
struct Reader {
    /// The entry after which it began.
    began: i64,
    /// The numbers of the events, as they came.
    told: Vec<i64>,
}

impl Reader {
    /// Listens until the stream ends, or it was told that entry.
    fn listen(&mut self, web: &Http, until: &AtomicI64) {
        let web = web.bearer("all-read");
        let last = self.told.last().map(ToString::to_string);
        let mut stream = web.stream("/v1/events", last.as_deref());
        let end = Instant::now() + LONG;
        let snapshot = stream.next(SOON).expect("a snapshot");
        assert_eq!(snapshot.event, "snapshot");
        if last.is_none() {
            self.began = number(snapshot.id.as_deref());
        }
        let latest = |reader: &Reader| reader.told.last().copied().unwrap_or(reader.began);
        while latest(self) < until.load(Ordering::Acquire) && Instant::now() < end {
            let waited = Instant::now();
            match stream.next(Duration::from_millis(500)) {
                Some(told) => self.told.push(number(told.id.as_deref())),
                // The end of a stream comes sooner than that.
                None if waited.elapsed() < Duration::from_millis(400) => return,
                None => {}
            }
        }
    }
}

fn number(id: Option<&str>) -> i64 {
    id.expect("an id").parse().expect("a number")
}

/// The numbers of all entries of the file.
fn entries(scene: &Scene) -> Vec<i64> {
    let file = scene.switch.folder().join("db/callpark.sqlite");
    let file = rusqlite::Connection::open(file).expect("the journal");
    let mut rows = file.prepare("SELECT seq FROM entry ORDER BY seq").expect("entries");
    let rows = rows.query_map([], |row| row.get(0)).expect("entries");
    rows.map(|row| row.expect("a number")).collect()
}

/// How each call has ended.
fn outcomes(scene: &Scene) -> BTreeMap<String, Option<String>> {
    let ended = |call: serde_json::Value| {
        let uuid = call["uuid"].as_str().expect("a uuid").to_owned();
        (uuid, call["outcome"].as_str().map(str::to_owned))
    };
    history(scene, "limit=1000").into_iter().map(ended).collect()
}

/// Something always happens to this call, until the switch is gone.
fn happen(scene: &Scene) {
    let mut esl = scene.switch.esl();
    for count in 0..10_000 {
        let Ok(answer) = esl.api(&format!("callpark set default 701 note {count}")) else { return };
        assert!(answer.starts_with("+OK"), "{answer}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A call in that extension.
fn park(scene: &Scene, exten: &str) -> String {
    let uuid = new_uuid();
    scene.switch.originate(&uuid, exten, &[]);
    scene.switch.eventually(SOON, "it is parked", || {
        let list = scene.api("list json");
        list.contains(&uuid).then_some(())
    });
    uuid
}

#[test]
fn a_reader_has_every_event_once_however_often_the_switch_is_killed() {
    let settings = format!("{LISTEN}{RECOVERY}");
    let scene = Scene::start(setup("").callpark_conf(&conf(&settings)).domain("a.local"));
    let mut readers: Vec<Reader> = (0..READERS).map(|_| Reader::default()).collect();
    let (mut lost, mut marker) = (Vec::new(), String::new());
    for kill in 0..KILLS {
        let web = scene.switch.web();
        let latest = AtomicI64::new(i64::MAX);
        std::thread::scope(|scope| {
            for reader in &mut readers {
                scope.spawn(|| reader.listen(&web, &latest));
            }
            for exten in ["park_default_701", "park_default_702"] {
                lost.push(park(&scene, exten));
            }
            let retrieved = park(&scene, "park_default_703");
            let retriever = scene.dial("take_default_703");
            scene.switch.eventually(SOON, "it is retrieved", || {
                (outcomes(&scene).get(&retrieved)?.as_deref() == Some("retrieved")).then_some(())
            });
            scope.spawn(|| happen(&scene));
            std::thread::sleep(Duration::from_millis(300 + 150 * u64::from(kill)));
            scene.switch.crash();
            drop(retriever);
        });
        scene.switch.launch();
        let web = scene.switch.web();
        std::thread::scope(|scope| {
            for reader in &mut readers {
                scope.spawn(|| reader.listen(&web, &latest));
            }
            // Meanwhile the calls are missed.
            scene.switch.eventually(LONG, "the calls are lost", || {
                let outcomes = outcomes(&scene);
                let is_lost = |uuid: &String| {
                    outcomes.get(uuid).cloned().flatten().as_deref() == Some("lost")
                };
                lost.iter().all(is_lost).then_some(())
            });
            marker = park(&scene, "park_default_704");
            scene.switch.kill(&marker);
            scene.switch.eventually(SOON, "the last entry is in the file", || {
                outcomes(&scene).get(&marker).cloned().flatten()
            });
            latest.store(*entries(&scene).last().expect("an entry"), Ordering::Release);
        });
    }
    let entries = entries(&scene);
    assert!(entries.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap: {entries:?}");
    // Two calls that are lost, one that is retrieved, and one that hangs up, with two entries each. The last ones before a kill
    // may not have been written.
    assert!(entries.len() >= 6 * usize::try_from(KILLS).expect("few"), "{}", entries.len());
    for reader in readers {
        let after: Vec<i64> =
            entries.iter().copied().filter(|entry| *entry > reader.began).collect();
        assert_eq!(reader.told, after, "it began after {}", reader.began);
    }
    assert_eq!(outcomes(&scene)[&marker].as_deref(), Some("abandoned"));
}
