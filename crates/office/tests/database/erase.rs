//! A caller who is erased from the file is erased from the database.

use kit::{Postgres, eventually};

use super::rig::{Folder, LONG, Rig, calls};
use super::same::same;

#[test]
fn a_caller_is_erased_in_both() {
    let Some(mut server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..20));
    rig.shipped();
    let left = |server: &Postgres, number: &str| {
        server.sql(&format!(
            "SELECT (SELECT count(*) FROM callpark_entry WHERE json::text LIKE '%{number}%') \
             + (SELECT count(*) FROM callpark_call WHERE caller_number = '{number}')"
        ))
    };
    assert_eq!(left(&server, "+49300000001"), "2");
    assert_eq!(rig.journal.erase("+49300000001", LONG).unwrap().calls, 1);
    eventually(LONG, "it is erased there", || (left(&server, "+49300000001") == "0").then_some(()));
    same(&server, &[&folder.file()]);
    // The last entry of all, by which it is seen whether both tell one story, while there is no server.
    server.crash();
    assert_eq!(rig.journal.erase("+49300000019", LONG).unwrap().refused, 1);
    server.launch();
    rig.record(calls(20..25));
    rig.shipped();
    eventually(LONG, "it is erased there too", || {
        (left(&server, "+49300000019") == "0").then_some(())
    });
    same(&server, &[&folder.file()]);
    assert_eq!(server.sql("SELECT count(*) FROM callpark_journal"), "1");
}
