//! What others read.

use kit::Postgres;

use super::rig::{Folder, Rig, calls};
use super::same::same;

#[test]
fn the_views_say_what_the_calls_were() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    // 16 parked, of which 12 were retrieved and 4 wait; 4 refused.
    rig.record(calls(0..20));
    rig.shipped();
    same(&server, &[&folder.file()]);
    let by_hour = server.sql(
        "SELECT sum(parked), sum(retrieved), sum(waiting), sum(refused), sum(other), max(wait_median_s), min(domain) \
         FROM callpark_by_hour WHERE hour > now() - interval '2 hours'",
    );
    assert_eq!(by_hour, "16|12|4|4|0|3|example.com");
    let people = server
        .sql("SELECT person, sum(parked), sum(took) FROM callpark_people GROUP BY 1 ORDER BY 1");
    assert_eq!(people, "1001@example.com|16|0\n1002@example.com|0|12");
    let calls = server.sql(
        "SELECT count(*), min(wait_s), bool_and(ended_at - parked_at = interval '3 s'), pg_typeof(min(parked_at)) \
         FROM callpark_calls WHERE outcome = 'retrieved' AND parked_at > now() - interval '1 hour'",
    );
    assert_eq!(calls, "12|3|t|timestamp with time zone");
    // Who asks for a period does not make the server read everything.
    let plan = server.sql(
        "SET enable_seqscan = off; EXPLAIN SELECT * FROM callpark_calls WHERE parked_at > now() - interval '1 day'",
    );
    assert!(plan.contains("callpark_call_by_time"), "{plan}");
}
