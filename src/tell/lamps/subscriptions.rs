//! The phones that already watch lamps when the module is loaded, or has read its configuration again. mod_sofia keeps them
//! in its database, and asks only for those that subscribe from then on.

use std::sync::Arc;
use std::time::Duration;

use crate::module::Module;
use crate::switch::clock;
use crate::switch::{api, db, log};
use crate::tell::lamps::asked::Asked;
use crate::tell::lamps::queue::LampQueue;

/// How many are read of one database.
const MOST: usize = 50_000;
/// The interval at which the thread looks again for room for more of them.
const ROOM_AGAIN: Duration = Duration::from_millis(20);

/// Has every lamp that is being watched answered as if its phone had just asked. Returns at once.
pub(crate) fn answer_all(module: &Arc<Module>) {
    let thread = {
        let theirs = Arc::clone(module);
        module.threads.ask(move || {
            let proto = theirs.settings.read().presence_proto.clone();
            for asked in databases().iter().flat_map(|database| watched(database, &proto)) {
                // This is not urgent, and phones that ask by themselves may be.
                while !LampQueue::of(&theirs).has_room() && !theirs.is_stopping() {
                    std::thread::sleep(ROOM_AGAIN);
                }
                LampQueue::of(&theirs).ask(asked);
            }
        })
    };
    if let Err(reason) = thread {
        log::warning(None, format_args!("lamp subscriptions are not read, because {reason}"));
    }
}

/// The subscriptions that are alive, in one database.
fn watched(database: &str, proto: &str) -> Vec<Asked> {
    // Nothing else is allowed, because it goes into a query.
    if !proto.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return Vec::new();
    }
    let now_s = clock::epoch_ms() / 1000;
    let sql = format!(
        "select sub_to_user,sub_to_host,call_id,expires,sip_user,sip_host from sip_subscriptions where proto='{proto}' and expires>{now_s} limit {MOST}"
    );
    let rows = db::rows(database, &sql).unwrap_or_default();
    rows.into_iter()
        .filter_map(|row| {
            let [login, domain, call_id, expires, user, host] = row.try_into().ok()?;
            let left_s = expires.parse::<u64>().ok()?.checked_sub(now_s)?;
            Asked::new(&login, &domain, Some(call_id), &format!("{user}@{host}"), left_s)
                .map(Asked::found)
        })
        .collect()
}

/// The databases of all SIP profiles.
fn databases() -> Vec<String> {
    let status = api::execute("sofia", "status").unwrap_or_default();
    let mut databases: Vec<String> = profiles(&status)
        .filter_map(|profile| {
            let status = api::execute("sofia", &format!("status profile {profile}"))?;
            database(&status).map(str::to_owned)
        })
        .collect();
    databases.sort();
    databases.dedup();
    databases
}

/// The names in a table such as `internal  profile  sip:mod_sofia@192.0.2.1:5060  RUNNING (0)`.
fn profiles(status: &str) -> impl Iterator<Item = &str> {
    status.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        (words.next() == Some("profile") && words.next()?.starts_with("sip")).then_some(name)
    })
}

fn database(status: &str) -> Option<&str> {
    let line = status.lines().find_map(|line| line.strip_prefix("DBName"))?.trim();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::{database, profiles};

    #[test]
    fn what_mod_sofia_says_of_its_profiles_is_read() {
        let status = "                     Name\t   Type\t                                      Data\tState\n\
            ====\n                 internal\tprofile\t  sip:mod_sofia@127.0.0.1:5060\tRUNNING (0)\n\
            \t  b.local\t  alias\t  internal\tALIASED\n\
            other\tprofile\t sip:mod_sofia@127.0.0.1:5080\tRUNNING (1) (TLS)\n\
            x::gateway\tgateway\tsip:joe@x\tNOREG\n====\n2 profiles 1 alias\n";
        assert_eq!(profiles(status).collect::<Vec<_>>(), ["internal", "other"]);
        let status = "Name             \tinternal\nDBName           \tsofia_reg_internal\nPres Hosts       \t\n";
        assert_eq!(database(status), Some("sofia_reg_internal"));
        assert_eq!(database("DBName   \t\n"), None);
    }
}
