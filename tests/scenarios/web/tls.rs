//! The server with FreeSWITCH's own certificate, `web-tls="auto"`.

use kit::{SOON, certificate};

use super::{LISTEN, Scene, conf, setup};

const AUTO: &str = "<param name=\"web-tls\" value=\"auto\"/>\n";

#[test]
fn the_certificate_for_websockets_is_used_and_renewed_while_somebody_listens() {
    let scene = Scene::start(setup("").callpark_conf(&conf("")));
    let folder = scene.switch.folder().join("tls");
    let file = folder.join("wss.pem");
    let write = |name: &str| {
        let made = certificate(name);
        let new = folder.join("new");
        std::fs::write(&new, made.key + &made.chain).expect("a file");
        std::fs::rename(&new, &file).expect("it is put into place");
    };
    // FreeSWITCH makes one when it starts.
    let _ = std::fs::remove_file(&file);
    // Without a certificate there is no server, and everything else is as it should be.
    scene.switch.write_callpark_conf(Some(&conf(&format!("{LISTEN}{AUTO}"))));
    assert!(scene.api("reload").starts_with("+OK"));
    let health = kit::eventually(SOON, "it is reported", || {
        let health = scene.api("health");
        health.contains("web: wrong").then_some(health)
    });
    assert!(health.contains("wss.pem: No such file"), "{health}");
    assert!(!scene.switch.listens_to_web());
    scene.park("park_701");
    std::fs::create_dir_all(&folder).expect("a folder");
    write("a");
    let web = scene.switch.web().encrypted();
    assert_eq!(web.bearer("all-read").get("/v1/calls").json()["calls"][0]["orbit"], "701");
    kit::eventually(SOON, "it is all right", || {
        scene.api("health").contains("web: ok").then_some(())
    });
    let link = scene.api("link default 701 1000@test.local");
    assert!(link.starts_with(&format!("+OK https://127.0.0.1:{}/r/", scene.switch.web_port())));
    // A renewed certificate.
    let mut stream = web.bearer("all-read").stream("/v1/events", None);
    assert_eq!(stream.next(SOON).expect("a snapshot").event, "snapshot");
    let before = web.certificate().expect("a certificate");
    std::fs::write(&file, "nothing").expect("a file");
    kit::eventually(SOON, "it is reported", || {
        scene.api("health").contains("it keeps the certificate").then_some(())
    });
    assert_eq!(web.certificate(), Some(before.clone()));
    write("b");
    kit::eventually(SOON, "the new one is presented", || {
        (web.certificate() != Some(before.clone())).then_some(())
    });
    kit::eventually(SOON, "it is all right", || {
        scene.api("health").contains("web: ok").then_some(())
    });
    let (caller, _) = scene.park("park_702");
    let told = stream.wait(SOON, |told| told.event == "call");
    assert_eq!(told.data["uuid"], *caller);
    let log = scene.switch.log();
    assert_eq!(log.matches("cannot listen").count(), 1);
    assert_eq!(log.matches("keeps the certificate").count(), 1);
    assert!(!log.contains("PRIVATE KEY"));
    // As before, without encryption.
    scene.switch.write_callpark_conf(Some(&conf(LISTEN)));
    assert!(scene.api("reload").starts_with("+OK"));
    kit::eventually(SOON, "it is plain", || {
        let plain = scene.switch.web();
        plain.certificate().is_none().then_some(())
    });
    assert_eq!(scene.switch.web().bearer("all-read").get("/v1/lots").status, 200);
}
