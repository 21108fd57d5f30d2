//! Hold music that is read and encoded once for all callers who hear the same.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kit::phone::{Call, Codec, Packet, Phase, Sound};
use kit::{Ends, Phone, SOON, Scene, hang_up, two_way};

use super::desk::setup;

/// A file in which no two packets are the same. Removed when this is dropped.
struct Music(PathBuf);

impl Music {
    fn new() -> Self {
        Self::with_channels(1)
    }

    fn with_channels(channels: u16) -> Self {
        const SECONDS: u32 = 20;
        let count = 8000 * SECONDS * u32::from(channels);
        let samples = (0..count).flat_map(|_| fastrand::i16(-8000..8000).to_le_bytes());
        let samples: Vec<u8> = samples.collect();
        let path = std::env::temp_dir().join(format!("callpark-{}.wav", fastrand::u64(..)));
        let mut file = b"RIFF".to_vec();
        file.extend((36 + samples.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        file.extend(channels.to_le_bytes());
        file.extend(8000u32.to_le_bytes());
        file.extend((16000 * u32::from(channels)).to_le_bytes());
        file.extend((2 * channels).to_le_bytes());
        file.extend(b"\x10\0data");
        file.extend((samples.len() as u32).to_le_bytes());
        file.extend(samples);
        std::fs::write(&path, file).expect("a file of music");
        Self(path)
    }

    fn lot(&self, params: &str) -> String {
        format!(
            r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
            <param name="hold-music" value="{}"/>{params}</lot>"#,
            self.0.display()
        )
    }

    fn desk(&self, params: &str) -> Option<Scene> {
        // Its module reads WAV files.
        Scene::start_real(setup(&self.lot(params)).local_stream())
    }
}

impl Drop for Music {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Codec and listeners of each stream.
fn streams(desk: &Scene) -> Vec<(String, u64)> {
    let json: serde_json::Value =
        serde_json::from_str(&desk.api("streams json")).expect("a document");
    let streams = json["streams"].as_array().expect("streams").iter();
    streams
        .map(|s| (s["codec"].as_str().unwrap().to_owned(), s["listeners"].as_u64().unwrap()))
        .collect()
}

fn wait_streams(desk: &Scene, expected: &[(&str, u64)]) {
    let expected: Vec<_> = expected.iter().map(|(codec, n)| ((*codec).to_owned(), *n)).collect();
    kit::eventually(SOON, &format!("the streams are {expected:?}"), || {
        (streams(desk) == expected).then_some(())
    });
}

/// Waits for more packets, and returns those.
#[track_caller]
fn next_packets(call: &Call, count: usize) -> Vec<Packet> {
    let before = call.packets();
    kit::eventually(SOON * 2, "packets of music", || {
        (call.packets() >= before + count).then_some(())
    });
    call.record().split_off(before)
}

fn payloads(packets: &[Packet]) -> Vec<u64> {
    packets.iter().map(|packet| packet.payload).collect()
}

/// Where the first of these packets is among those.
fn offset(of: &[u64], among: &[u64]) -> Option<usize> {
    among.iter().position(|payload| Some(payload) == of.first())
}

/// The longest time between two packets.
fn longest_gap(packets: &[Packet]) -> Duration {
    packets.windows(2).map(|pair| pair[1].at - pair[0].at).max().unwrap_or_default()
}

#[test]
fn callers_of_one_codec_hear_the_same_packets_of_one_stream() {
    let music = Music::new();
    let Some(desk) = music.desk("") else { return };
    let phones: Vec<Phone> = (0..5).map(|n| desk.phone(&format!("100{n}"))).collect();
    let calls: Vec<Call> = phones.iter().map(|phone| phone.call_up("park_default_auto")).collect();
    wait_streams(&desk, &[("PCMU", 5)]);
    let from = Instant::now();
    next_packets(&calls[0], 100);
    let heard: Vec<Vec<Packet>> = calls
        .iter()
        .map(|call| call.record().into_iter().filter(|packet| packet.at > from).collect())
        .collect();
    let first = payloads(&heard[0]);
    for packets in &heard {
        assert!(packets.len() >= 80, "{} packets", packets.len());
        let theirs = payloads(packets);
        let (ours, theirs) = match offset(&theirs, &first) {
            Some(at) => (&first[at..], &theirs[..]),
            None => (&first[..], &theirs[offset(&first, &theirs).expect("the same music")..]),
        };
        // In the same order: on a busy machine a listener may have skipped some.
        let places: Vec<usize> =
            theirs.iter().filter_map(|payload| offset(&[*payload], ours)).collect();
        let (same, count) = (places.len(), ours.len().min(theirs.len()));
        assert!(same >= 70, "{same} of {count} packets are the same");
        assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
        assert!(longest_gap(packets) < Duration::from_millis(100), "{:?}", longest_gap(packets));
        // The timestamps and numbers are those of each call.
        let numbers: Vec<u16> = packets.iter().map(|packet| packet.sequence).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    }
    drop(calls);
    drop(phones);
    desk.wait_empty();
}

#[test]
fn a_stream_ends_ten_seconds_after_its_last_listener() {
    let music = Music::new();
    let Some(desk) = music.desk("") else { return };
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default_705");
    wait_streams(&desk, &[("PCMU", 1)]);
    call.hangup();
    desk.wait_empty();
    wait_streams(&desk, &[("PCMU", 0)]);
    let since = Instant::now();
    kit::eventually(SOON * 3, "the stream ends", || streams(&desk).is_empty().then_some(()));
    assert!(since.elapsed() > Duration::from_secs(8), "{:?}", since.elapsed());
}

#[test]
fn a_lot_that_encodes_for_each_call_plays_from_the_beginning() {
    let music = Music::new();
    let Some(desk) = music.desk(r#"<param name="hold-encode" value="own"/>"#) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let first = alice.call_up("park_default_705");
    next_packets(&first, 50);
    let second = bob.call_up("park_default_706");
    next_packets(&second, 50);
    assert_eq!(streams(&desk), []);
    let (first, second) = (payloads(&first.record()), payloads(&second.record()));
    let begins = offset(&second[5..], &first).expect("the same music");
    assert!(begins < 15, "the second caller joined at packet {begins}");
}

#[test]
fn a_caller_who_is_recorded_hears_the_music_without_a_gap_and_so_does_the_recording() {
    let music = Music::new();
    let Some(desk) = music.desk("") else { return };
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default_705");
    let before = next_packets(&call, 30);
    let path = desk.switch.folder().join("recorded.wav");
    let path = path.display();
    let from = call.packets();
    assert!(desk.switch.api(&format!("uuid_record {} start {path}", call.uuid())).contains("+OK"));
    next_packets(&call, 100);
    assert!(desk.switch.api(&format!("uuid_record {} stop {path}", call.uuid())).contains("+OK"));
    next_packets(&call, 50);
    let packets = call.record().split_off(from);
    assert!(longest_gap(&packets) < Duration::from_millis(150), "{:?}", longest_gap(&packets));
    assert!(packets.iter().all(|packet| before.iter().all(|old| old.payload != packet.payload)));
    wait_streams(&desk, &[("PCMU", 1)]);
    // In stereo or mixed: what the caller heard is in it, and that is loud.
    let recorded = std::fs::read(path.to_string()).expect("a recording");
    let loud = recorded[44..]
        .chunks_exact(2)
        .filter(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() > 1000)
        .count();
    assert!(loud > 8000, "{loud} loud samples in {} bytes", recorded.len());
}

#[test]
fn a_caller_who_changes_the_codec_changes_the_stream() {
    let music = Music::new();
    let Some(desk) = Scene::start_real(setup(&music.lot("")).local_stream().codecs("PCMU,PCMA"))
    else {
        return;
    };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let call = alice.call_up("park_default_705");
    wait_streams(&desk, &[("PCMU", 1)]);
    assert_eq!(call.change_codecs(&[Codec::Pcma]), 200);
    wait_streams(&desk, &[("PCMA", 1), ("PCMU", 0)]);
    let packets = next_packets(&call, 50);
    assert!(longest_gap(&packets) < Duration::from_millis(150), "{:?}", longest_gap(&packets));
    desk.take(&carol, "705", &call, alice.voice(), Ends::Other);
    desk.wait_empty();
}

/// The music has gone on meanwhile.
#[test]
fn after_a_comfort_the_caller_joins_the_music_where_it_is() {
    let music = Music::new();
    let comfort = r#"<param name="comfort" value="tone_stream://%(300,0,1150)"/>
        <param name="comfort-every" value="2"/>"#;
    let Some(desk) = music.desk(comfort) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let first = alice.call_up("park_default_705");
    next_packets(&first, 40);
    let second = bob.call_up("park_default_706");
    next_packets(&first, 150);
    // The music is noise; the comfort and the announcement are tones.
    let music = |call: &Call| -> Vec<u64> {
        let record = call.record().into_iter();
        record.filter(|packet| packet.sound == Sound::Other).map(|packet| packet.payload).collect()
    };
    let (first, second) = (music(&first), music(&second));
    let tail = second.iter().rev().take(40).filter(|payload| first.contains(payload)).count();
    assert!(tail > 20, "{tail} of the last 40 packets are the same");
    // The first and the last packet of a tone are no tones either.
    let different: BTreeSet<&u64> = first.iter().collect();
    let twice = first.len() - different.len();
    assert!(first.len() > 100 && twice < 9, "{twice} of {} were heard before", first.len());
}

/// FreeSWITCH reads all channels of the file into the packet before it mixes them.
#[test]
fn a_caller_hears_a_file_of_many_channels_instead_of_the_music_and_then_the_music() {
    let (music, other) = (Music::new(), Music::with_channels(6));
    let Some(desk) = music.desk("") else { return };
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default_705");
    next_packets(&call, 30);
    for _ in 0..5 {
        let displace = |what: &str| {
            let command = format!("uuid_displace {} {what} {}", call.uuid(), other.0.display());
            assert!(desk.switch.api(&command).contains("+OK"), "{command}");
        };
        displace("start");
        let packets = next_packets(&call, 40);
        assert!(longest_gap(&packets) < Duration::from_millis(150), "{:?}", longest_gap(&packets));
        displace("stop");
        next_packets(&call, 20);
    }
    wait_streams(&desk, &[("PCMU", 1)]);
    call.hangup();
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

#[test]
fn a_call_that_was_retrieved_hears_no_stream_any_more() {
    let music = Music::new();
    let Some(desk) = music.desk("") else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_705");
    wait_streams(&desk, &[("PCMU", 1)]);
    let call = carol.call_up("705");
    two_way(&call, alice.voice(), &caller, carol.voice());
    wait_streams(&desk, &[("PCMU", 0)]);
    desk.outcome(&caller, "retrieved");
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();
}

/// The stream ends, each call says so once and hears silence, and lives.
#[test]
fn music_that_is_removed_while_it_is_heard_becomes_silence() {
    let music = Music::new();
    let Some(desk) = music.desk("") else { return };
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default_705");
    next_packets(&call, 30);
    std::fs::remove_file(&music.0).expect("the file of music");
    kit::eventually(SOON * 4, "silence", || (call.heard() == Sound::Silence).then_some(()));
    assert!(desk.switch.log_contains("cannot be played"));
    assert_eq!(call.phase(), Phase::Up);
    call.hangup();
    desk.wait_empty();
}

/// What others do to a caller's audio, besides recording it and playing something instead.
#[test]
fn music_that_others_mix_with_a_file_or_make_louder_goes_on_afterwards() {
    let (music, other) = (Music::new(), Music::with_channels(2));
    let Some(desk) = music.desk("") else { return };
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default_705");
    next_packets(&call, 30);
    let (uuid, file) = (call.uuid(), other.0.display());
    for [begin, end] in [
        [
            format!("uuid_displace {uuid} start {file} 0 mux"),
            format!("uuid_displace {uuid} stop {file}"),
        ],
        [format!("uuid_audio {uuid} start write level 2"), format!("uuid_audio {uuid} stop")],
    ] {
        assert!(!desk.switch.api(&begin).contains("-ERR"), "{begin}");
        let packets = next_packets(&call, 40);
        assert!(longest_gap(&packets) < Duration::from_millis(150), "{:?}", longest_gap(&packets));
        assert!(!desk.switch.api(&end).contains("-ERR"), "{end}");
        next_packets(&call, 20);
    }
    wait_streams(&desk, &[("PCMU", 1)]);
    call.hangup();
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// The caller's last packet is sent to a leg whose audio FreeSWITCH is about to replace.
#[test]
fn a_retriever_who_hears_a_file_of_many_channels_gets_the_call() {
    let (music, other) = (Music::new(), Music::with_channels(6));
    let file = other.0.display().to_string();
    let take =
        [("answer", ""), ("displace_session", file.as_str()), ("callpark_retrieve", "default 705")];
    let setup = setup(&music.lot("")).local_stream().extension("displaced", &take);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for _ in 0..5 {
        let caller = alice.call_up("park_default_705");
        next_packets(&caller, 20);
        let call = carol.call_up("displaced");
        desk.outcome(&caller, "retrieved");
        assert_eq!((caller.phase(), call.phase()), (Phase::Up, Phase::Up));
        hang_up(&call, &caller, Ends::Other);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}
