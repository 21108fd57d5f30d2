//! Every route, for tokens of each scope of two tenants, and of none.

use super::{A, B, open};

/// The status that each token gets, in the order of `TOKENS`: all-read, all-act, all-admin, a-read, a-act, a-admin, b-admin, some.
type Expected = [u16; 8];

const NAMES: [&str; 8] =
    ["all-read", "all-act", "all-admin", "a-read", "a-act", "a-admin", "b-admin", "some"];

const ALL: Expected = [200; 8];
const A_ONLY: Expected = [200, 200, 200, 200, 200, 200, 404, 404];
const B_ONLY: Expected = [200, 200, 200, 404, 404, 404, 200, 200];

#[test]
fn each_token_gets_on_each_route_what_its_tenant_lots_and_scope_allow() {
    let (scene, web) = open();
    let (in_a, _) = scene.park_with("park_sales_801", &A);
    let (in_b, _) = scene.park_with("park_sales_801", &B);
    let gets: [(String, Expected); 14] = [
        ("/v1/me".into(), ALL),
        ("/v1/lots".into(), ALL),
        ("/v1/calls".into(), ALL),
        ("/v1/health".into(), ALL),
        ("/v1/history".into(), ALL),
        ("/v1/at?time=now".into(), ALL),
        ("/v1/reports/waits".into(), [200, 200, 200, 200, 200, 200, 200, 403]),
        ("/v1/reports/waits?lot=sales@b.local".into(), B_ONLY),
        ("/v1/reports/waits?lot=default".into(), [200, 200, 200, 200, 200, 200, 200, 404]),
        (format!("/v1/calls/{in_a}"), A_ONLY),
        (format!("/v1/calls/{in_b}"), B_ONLY),
        ("/v1/lots/sales@a.local/orbits".into(), A_ONLY),
        ("/v1/lots/sales@b.local/orbits".into(), B_ONLY),
        ("/metrics".into(), [200, 200, 200, 403, 403, 403, 403, 403]),
    ];
    for (route, expected) in &gets {
        let got = NAMES.map(|name| web.bearer(name).get(route).status);
        assert_eq!(&got, expected, "{route}");
    }
    // Of a call of a, then of a call of b: what a scope does not allow comes first, then what is not seen.
    let acts = [("set", r#"{"note":"n"}"#), ("move", r#"{"orbit":"auto"}"#)];
    for (act, json) in acts {
        for (uuid, expected) in [
            (&in_a, [403, 200, 200, 403, 200, 200, 404, 404]),
            (&in_b, [403, 200, 200, 403, 404, 404, 200, 200]),
        ] {
            let path = format!("/v1/calls/{uuid}/{act}");
            let got = NAMES.map(|name| web.bearer(name).post(&path, json).status);
            assert_eq!(got, expected, "{act} {uuid}");
        }
    }
    for act in ["return", "announce"] {
        let path = format!("/v1/calls/{in_a}/{act}");
        let got = NAMES.map(|name| web.bearer(name).post(&path, "").status);
        assert_eq!(got, [403, 409, 409, 403, 409, 409, 404, 404], "{act}");
    }
    let path = format!("/v1/calls/{in_a}/retrieve");
    let got = NAMES.map(|name| web.bearer(name).post(&path, r#"{"to":"loopback/1"}"#).status);
    // The last of those that may lets a phone ring that is nobody's.
    assert_eq!(got, [403, 403, 202, 403, 403, 403, 404, 404], "retrieve");
    let got = NAMES.map(|name| web.bearer(name).post("/v1/park", r#"{"uuid":"nobody"}"#).status);
    assert_eq!(got, [403, 404, 404, 403, 404, 404, 404, 404], "park");
    // Only then the call that everybody was after.
    for (name, status) in NAMES.into_iter().zip([403, 403, 200, 403, 403, 404, 404, 404]) {
        let got = web.bearer(name).post(&format!("/v1/calls/{in_a}/drop"), "").status;
        assert_eq!(got, status, "drop by {name}");
    }
    scene.outcome(&in_a, "dropped");
}

#[test]
fn lists_have_the_lots_and_calls_of_the_viewer_and_no_others() {
    let (scene, web) = open();
    let (in_a, _) = scene.park_with("park_sales_801", &A);
    let (in_b, _) = scene.park_with("park_sales_801", &B);
    let (shared, _) = scene.park("park_701");
    let everything = vec![in_a.clone(), in_b.clone(), shared.clone()];
    for (name, expected, lots) in [
        ("all-read", everything, 3),
        ("a-read", vec![in_a, shared.clone()], 2),
        ("b-admin", vec![in_b.clone(), shared], 2),
        ("some", vec![in_b], 1),
    ] {
        let mut expected = expected;
        expected.sort();
        for route in ["/v1/calls", "/v1/history", "/v1/at?time=now"] {
            let document = web.bearer(name).get(route).json();
            let calls = document["calls"].as_array().expect("calls").iter();
            let mut got: Vec<String> =
                calls.map(|call| call["uuid"].as_str().expect("a uuid").to_owned()).collect();
            got.sort();
            assert_eq!(got, expected, "{name} {route}");
        }
        let document = web.bearer(name).get("/v1/lots").json();
        assert_eq!(document["lots"].as_array().expect("lots").len(), lots, "{name}");
    }
}
