//! What a hostile caller sends, kind by kind.

use super::Draft;
use crate::DOMAIN;

/// A right-to-left mark: it shows nothing, and turns round what follows.
const RTL: &str = "\u{200f}";

/// Senders: each a `From`, and what is odd about it. `file`: what a shell command in there would make.
pub fn senders(file: &str) -> Vec<(&'static str, Vec<u8>)> {
    let named = |name: &str| format!("\"{name}\" <sip:eve@evil.example>").into_bytes();
    let user = |user: &str| format!("<sip:{user}@evil.example>").into_bytes();
    vec![
        ("an escaped null in the user", user("eve%00il")),
        ("nothing but escaped nulls", user("%00%00")),
        ("no user", b"<sip:evil.example>".to_vec()),
        ("an empty user", user("")),
        ("nothing but a password", user(":secret")),
        ("quotes in the user", user("%22eve%22")),
        ("every letter escaped", user("%65%76%65")),
        ("an IPv6 host", b"<sip:eve@[2001:db8::1]:5060>".to_vec()),
        ("an IPv4 host in an IPv6 one", b"<sip:eve@[::ffff:192.0.2.1]>".to_vec()),
        ("a telephone number", b"<tel:+49-30-1234;phone-context=example.com>".to_vec()),
        ("a name that is none of SIP's", b"<urn:service:sos>".to_vec()),
        ("parameters in the user", user("eve;isub=1;x=%3C;ext=%40")),
        ("headers in the URI", b"<sip:eve@evil.example?Replaces=x&Subject=%0D%0AX:y>".to_vec()),
        ("another leg in the user", user("x,loopback/9999/default/XML,x")),
        ("another leg, escaped", user("1%5D,loopback%2F9999%2Fdefault")),
        ("another gateway in the user", user("x,sofia/internal/eve@127.0.0.1")),
        ("a phone in the user", user("x,user%2F1015%40test.local,x")),
        ("a variable of a dial string", user("%7Bapi_on_answer=system%7Dx")),
        ("a line break in the user", user("eve%0d%0aX-Evil:%201")),
        ("a number of a user", format!("\"Alice\" <sip:1001@{DOMAIN}>").into_bytes()),
        ("a user of 4,000 letters", user(&"u".repeat(4_000))),
        ("8,192 right-to-left marks", named(&RTL.repeat(8_192))),
        ("60,000 letters", named(&"n".repeat(60_000))),
        (
            "bytes that are no UTF-8",
            b"\"\xff\xfe\xc0\x80\xed\xa0\x80\" <sip:eve@evil.example>".to_vec(),
        ),
        ("control characters", named("\u{1}\u{8}\u{1b}[2J\u{7f}\t")),
        ("the ends of documents", named("]]></x>&amp;<!-- \\\\ '; -- =1+1,")),
        ("formats of printf", named("%s%s%n%99999d")),
        ("a command", named(&format!("${{system(touch {file})}}"))),
        (
            "a command, of the other kind",
            named(&format!("${{bgapi(system touch {file})}} $${{domain}}")),
        ),
        (
            "a command in the user",
            user(&format!("$%7Bsystem(touch%20{})%7D", file.replace('/', "%2F"))),
        ),
        ("a quote without an end", b"\"eve <sip:eve@evil.example>".to_vec()),
        ("no brackets", b"eve <sip:eve@evil.example".to_vec()),
    ]
}

/// Calls to `to`.
pub fn calls(to: &str, file: &str) -> Vec<Draft> {
    let call = |kind: &str| Draft::call(kind, to);
    let many = |kind: &str, count: usize, name: &str, value: &str| {
        (0..count)
            .fold(call(kind), |draft, n| draft.header(name, value.replace('#', &n.to_string())))
    };
    let injected = "<sip:x,loopback/9999/default/XML,x@evil.example>";
    let mut all: Vec<Draft> =
        senders(file).into_iter().map(|(kind, from)| call(kind).from(from)).collect();
    all.extend([
        many("100 Referred-By", 100, "Referred-By", "<sip:10##@test.local>;cid=\"#\""),
        many("100 asserted identities", 100, "P-Asserted-Identity", "\"#\" <sip:#@evil.example>"),
        many(
            "100 diversions",
            100,
            "Diversion",
            "<sip:#@evil.example>;reason=unconditional;counter=#",
        ),
        many("500 headers of no meaning", 500, "X-#", "#"),
        many("50 Via", 50, "Via", "SIP/2.0/UDP 192.0.2.#;branch=z9hG4bK#"),
        many("20 Replaces", 20, "Replaces", "#;to-tag=#;from-tag=#"),
        call("a leg in Referred-By").header("Referred-By", injected),
        call("a leg in the asserted identity").header("P-Asserted-Identity", injected),
        call("a leg in the remote party")
            .header("Remote-Party-ID", format!("{injected};party=calling;screen=yes")),
        call("a header of 50,000 bytes").header("X-Long", "x".repeat(50_000)),
        call("a folded header").header("Subject", format!("a{}", "\r\n \t b".repeat(200))),
        call("Replaces of a dialog that is not there")
            .header("Replaces", "nobody;to-tag=a;from-tag=b"),
        call("Replaces of a lamp's dialog, guessed")
            .header("Replaces", "701;to-tag=701;from-tag=701;early-only"),
        call("Replaces of nothing").header("Replaces", ";;;=,to-tag="),
        call("variables of the module")
            .header("X-callpark_return", "user/1001")
            .header("X-callpark_parker", "1001"),
        call("an alert of its own")
            .header("Alert-Info", "<http://evil.example>;info=alert-autoanswer"),
        call("a description of no audio").body("application/sdp", "v=0\r\nm=\r\n"),
        call("a description of 40,000 bytes").body("application/sdp", "a=x\r\n".repeat(8_000)),
        call("a body of a kind of its own").body("multipart/mixed;boundary=\"", "--\r\n\r\n----"),
        call("a number that wraps").cseq("4294967296 INVITE"),
        call("the number of another method").cseq("1 BYE"),
        call("a length below nothing").length("-1"),
        call("a length beyond everything").length("99999999999999999999"),
        call("to an escaped null").to(format!("sip:{to}%00@{DOMAIN}")),
        call("to nobody").to(format!("sip:{DOMAIN}")),
        call("to an IPv6 host").to("sip:visit@[::1]"),
        call("to a telephone number").to("tel:visit"),
        call("keys that are none, and transfers to nowhere")
            .and_then(
                Draft::new("", "INFO", "x")
                    .body("application/dtmf-relay", "Signal=\u{0}\r\nDuration=-1\r\n"),
            )
            .and_then(
                Draft::new("", "INFO", "x")
                    .body("application/dtmf-relay", format!("Signal={}\r\n", "9".repeat(5_000))),
            )
            .and_then(Draft::new("", "INFO", "x").body("application/dtmf", "\u{ff}"))
            .and_then(Draft::new("", "REFER", "x").header("Refer-To", "<sip:x?Replaces=%3B%3B%00>"))
            .and_then(
                Draft::new("", "REFER", "x")
                    .header("Refer-To", "\"")
                    .header("Referred-By", injected),
            )
            .and_then(Draft::new("", "UPDATE", "x").body("application/sdp", "v=0"))
            .and_then(Draft::new("", "MESSAGE", "x").body("text/plain", "\u{1b}[2J")),
    ]);
    all
}

/// Requests outside of any call, about the lamp of an orbit that is taken, `701`.
pub fn requests() -> Vec<Draft> {
    let lamps = [
        "park+",
        "park++",
        "park+%00",
        "park+701%00",
        "park+..%2F..%2F701",
        "park+%24%7Bsystem(id)%7D",
        "park+701,702",
        "park+default,701",
        "park+%2A",
        "park+701'%20OR%20'1'='1",
    ];
    let mut all = Vec::new();
    for event in ["dialog", "presence", "message-summary", "x\u{0}y", "dialog;id=%s%n"] {
        for lamp in lamps {
            let draft = Draft::new(&format!("a lamp {lamp}, {event}"), "SUBSCRIBE", lamp);
            all.push(draft.header("Event", event).header("Expires", "20"));
        }
    }
    let subscribe =
        |kind: &str| Draft::new(kind, "SUBSCRIBE", "park+701").header("Event", "dialog");
    let refer = |kind: &str, to: &str| Draft::new(kind, "REFER", "701").header("Refer-To", to);
    all.extend([
        subscribe("a lamp in a domain of 20,000 letters")
            .to(format!("sip:park+701@{}", "d".repeat(20_000))),
        subscribe("a lamp in a domain that is made up")
            .to(format!("sip:park+701@x{:x}.example", fastrand::u64(..))),
        subscribe("a lamp, for ever").header("Expires", "4294967295"),
        subscribe("a lamp, for less than nothing").header("Expires", "-1"),
        subscribe("a lamp, 50 times at once").header("Event", "dialog, ".repeat(50)),
        refer("REFER without a call", "<sip:1002@test.local>"),
        refer("REFER with garbage in Replaces", "<sip:701@test.local?Replaces=%00%3Bto-tag%3D%22>"),
        refer(
            "REFER to oneself",
            "<sip:701@test.local;method=INVITE?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>",
        ),
        Draft::new("MESSAGE to an orbit", "MESSAGE", "park+701").body("text/plain", "terminated"),
        Draft::new("MESSAGE of 40,000 bytes", "MESSAGE", "park+701")
            .body("text/plain", "m".repeat(40_000)),
        Draft::new("a lamp is told to go out", "PUBLISH", "park+701")
            .header("Event", "dialog")
            .body(
                "application/dialog-info+xml",
                "<dialog-info><dialog><state>terminated</state></dialog></dialog-info>",
            ),
        Draft::new("presence is told to be closed", "PUBLISH", "park+701")
            .header("Event", "presence")
            .body(
                "application/pidf+xml",
                "<presence><tuple><status><basic>closed</basic></status></tuple></presence>",
            ),
        Draft::new("NOTIFY that nobody asked for", "NOTIFY", "park+701")
            .header("Event", "dialog")
            .header("Subscription-State", "terminated"),
        Draft::new("a phone that is an orbit", "REGISTER", "701").header("Expires", "20"),
        Draft::new("a phone that is a lamp", "REGISTER", "park+701").header("Expires", "20"),
        Draft::new("INFO without a call", "INFO", "701")
            .body("application/dtmf-relay", "Signal=#\r\n"),
        Draft::new("BYE without a call", "BYE", "701"),
        Draft::new("CANCEL without a call", "CANCEL", "701"),
        Draft::new("a method of its own", "PARK", "701"),
        Draft::new("OPTIONS of a lamp", "OPTIONS", "park+701"),
    ]);
    all
}

/// What is no request at all.
pub fn noise() -> Vec<Draft> {
    let line = format!("INVITE sip:701@{DOMAIN} SIP/2.0\r\n");
    vec![
        Draft::raw("nothing", ""),
        Draft::raw("line ends", "\r\n\r\n\r\n\r\n"),
        Draft::raw("nulls", vec![0; 2_000]),
        Draft::raw("half a line", "INVITE sip:701@"),
        Draft::raw("a line alone", line.clone()),
        Draft::raw("a version to come", line.replace("2.0", "7.0") + "\r\n"),
        Draft::raw("headers without names", format!("{line}: x\r\n:\r\n\r\n")),
        Draft::raw("a header without an end", format!("{line}From: {}", "x".repeat(30_000))),
        Draft::raw(
            "a response to nothing",
            "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nCall-ID: x\r\n\r\n",
        ),
        Draft::raw("a code below all codes", "SIP/2.0 -1 OK\r\nCSeq: 1 INVITE\r\n\r\n"),
        Draft::raw("bytes by chance", (0..3_000).map(|_| fastrand::u8(..)).collect::<Vec<_>>()),
    ]
}
