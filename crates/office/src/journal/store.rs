//! The open file: appends entries and keeps the projection beside them, in one transaction.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::call::Call;
use super::callers::{Callers, Secrets};
use super::deliveries::{self, Tallies, Want};
use super::failure::Failure;
use super::inbox::Item;
use super::row::Row;
use super::trail::Trail;
use super::{schema, table};
use crate::audit::Act;
use crate::entry::{Action, Entry, Outcome};

/// How long another process may keep the file locked before that counts as a failure.
const BUSY: Duration = Duration::from_millis(500);
/// What the journal says of a call whose channel is parked again although nothing ended it.
const UNENDED: &str = "its end is not in the journal";

/// The file of the journal, as its one writer has it.
pub(super) struct Store {
    pub(super) connection: Connection,
    node: String,
    callers: Callers,
    secrets: Secrets,
    last_seq: i64,
    /// Who did what; none: that is not written down.
    pub(super) trail: Option<Trail>,
    /// What waits for each webhook.
    pub(super) tallies: Tallies,
    /// Device and number of the file.
    identity: (u64, u64),
}

impl Store {
    /// Opens the file or makes one. `first_seq`: the number with which a new file begins.
    pub(super) fn open(
        path: &Path,
        node: &str,
        callers: Callers,
        audit: bool,
        first_seq: i64,
    ) -> Result<Self, Failure> {
        // Callers are nobody else's business. SQLite gives its other files the mode of this one. A file that exists is opened by
        // SQLite alone: whoever else closes it takes the locks of this process with it.
        match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
            Err(err) if err.kind() != ErrorKind::AlreadyExists => return Err(err.into()),
            _ => {}
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(32);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // What is deleted is overwritten: keys, and callers that may be known only while they wait.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        schema::migrate(&mut connection)?;
        let last: Option<i64> =
            connection.query_row("SELECT max(seq) FROM entry", [], |row| row.get(0))?;
        let last_seq = match last {
            Some(last) => last,
            None => {
                let sql = "UPDATE meta SET value = ? WHERE name = 'first_seq'";
                connection.execute(sql, [first_seq])?;
                first_seq - 1
            }
        };
        let (node, secrets) = (node.to_owned(), Secrets::default());
        let trail = audit.then(|| Trail::read(&connection)).transpose()?;
        deliveries::loosen(&connection)?;
        let tallies = Tallies::read(&connection)?;
        let identity = identity(path)?;
        Ok(Store { connection, node, callers, secrets, last_seq, trail, tallies, identity })
    }

    /// The file is still where it was. SQLite goes on writing one that was removed, and nobody would notice.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        identity(path).is_ok_and(|identity| identity == self.identity)
    }

    /// Keeps these values under their names.
    pub(super) fn keep(&mut self, kept: &BTreeMap<String, String>) -> Result<(), Failure> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (name, json) in kept {
            tx.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", [name, json])?;
        }
        Ok(tx.commit()?)
    }

    /// What was kept.
    pub(super) fn kept(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut statement = self.connection.prepare("SELECT name, json FROM kept")?;
        let kept = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(kept.collect::<rusqlite::Result<_>>()?)
    }

    /// The number of the latest entry.
    pub(super) fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// Writes all of these, or none, and notes what each webhook wants of them.
    pub(super) fn append<'a>(
        &mut self,
        items: impl IntoIterator<Item = &'a Item>,
        wants: &[Want],
    ) -> Result<(), Failure> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut append = Append {
            tx: &tx,
            node: &self.node,
            callers: self.callers,
            secrets: &mut self.secrets,
            seq: self.last_seq,
            trail: self.trail,
            wants,
            tallies: self.tallies.clone(),
        };
        let mut written = items.into_iter().try_for_each(|item| append.item(item));
        let (seq, trail, tallies) = (append.seq, append.trail, append.tallies);
        if let (Ok(()), Some(trail)) = (&written, &trail) {
            written = trail.note(&tx);
        }
        match written.and_then(|()| Ok(tx.commit()?)) {
            Ok(()) => {
                self.last_seq = seq;
                self.trail = trail;
                self.tallies = tallies;
                Ok(())
            }
            Err(err) => {
                // A key that was made in there is not in the file.
                self.secrets.clear();
                Err(err)
            }
        }
    }

    /// Deletes the keys of that tenant (empty: of no tenant) up to and with that month, `2026-11`. How many there were.
    pub(super) fn forget(&mut self, domain: &str, month: &str) -> Result<usize, Failure> {
        let sql = "DELETE FROM secret WHERE domain = ? AND month <= ?";
        let count = self.connection.execute(sql, params![domain, month])?;
        self.secrets.clear();
        // The log of changes still has the page with the key.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(count)
    }
}

struct Append<'a> {
    tx: &'a Transaction<'a>,
    node: &'a str,
    callers: Callers,
    secrets: &'a mut Secrets,
    seq: i64,
    trail: Option<Trail>,
    wants: &'a [Want],
    tallies: Tallies,
}

impl Append<'_> {
    fn item(&mut self, item: &Item) -> Result<(), Failure> {
        if let Some(trail) = &mut self.trail {
            match item {
                Item::Entry(entry) => trail.add(self.tx, self.node, &Act::of(entry))?,
                Item::Act(act) => trail.add(self.tx, self.node, act)?,
            }
        }
        match item {
            Item::Entry(entry) => self.entry(entry),
            Item::Act(_) => Ok(()),
        }
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), Failure> {
        let callers = match self.callers {
            Callers::Full if entry.private => Callers::Masked,
            callers => callers,
        };
        let mut subject = self.secrets.shown(self.tx, callers, &entry.subject)?;
        if entry.private {
            subject.note.clear();
        }
        if entry.action == Action::Refuse {
            return self.row(&Row::of(entry, subject, None), None);
        }
        let replaces = entry.action == Action::Replace && !entry.from_uuid.is_empty();
        let uuid = if replaces { &entry.from_uuid } else { &entry.uuid };
        let mut known = table::waiting(self.tx, uuid)?;
        if let Some(mut before) = known.take_if(|_| entry.action == Action::Park) {
            self.lost(&mut before, entry.at_ms)?;
        }
        match known {
            Some(mut call) => {
                let row = Row::of(entry, subject, Some((&call.uuid, &call.subject)));
                self.row(&row, Some(call.id))?;
                call.add(&row);
                self.call(&call)
            }
            None if matches!(entry.action, Action::Park | Action::Recover) || entry.is_ending() => {
                let row = Row::of(entry, subject, None);
                let mut call = Call::begun_by(self.seq + 1, self.node, &row);
                self.row(&row, Some(call.id))?;
                if callers != Callers::Full && !entry.is_ending() {
                    let (name, number) = (&entry.subject.caller_name, &entry.subject.caller_number);
                    self.tx
                        .prepare_cached("INSERT INTO held VALUES (?, ?, ?)")?
                        .execute(params![call.id, name, number])?;
                }
                call.add(&row);
                self.call(&call)
            }
            // Of a call whose park there was no room for. Its end will be enough to know it.
            None => self.row(&Row::of(entry, subject, None), None),
        }
    }

    /// Ends a call that must have ended.
    fn lost(&mut self, call: &mut Call, at_ms: i64) -> Result<(), Failure> {
        let mut end = Entry::new(at_ms, Action::Recover, &call.uuid, call.place.clone());
        end.outcome = Some(Outcome::Lost);
        end.wait_ms = at_ms.saturating_sub(call.subject.parked_at_ms);
        end.reason = UNENDED.to_owned();
        let row = Row::of(&end, call.subject.clone(), Some((&call.uuid, &call.subject)));
        self.row(&row, Some(call.id))?;
        call.add(&row);
        self.call(call)
    }

    fn row(&mut self, row: &Row, call_id: Option<i64>) -> Result<(), Failure> {
        self.seq += 1;
        let json = table::json(&row.detail)?;
        let place = &row.place;
        self.tx.prepare_cached("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?.execute(
            params![
                self.seq,
                row.at_ms,
                self.node,
                call_id,
                row.action,
                place.lot,
                place.orbit,
                json
            ],
        )?;
        for want in self.wants.iter().filter(|want| want.wants(row)) {
            self.tallies.of(&want.hook).add(self.tx, &want.hook, self.seq, call_id)?;
        }
        Ok(())
    }

    fn call(&mut self, call: &Call) -> Result<(), Failure> {
        if call.outcome.is_some() {
            self.tx.prepare_cached("DELETE FROM held WHERE call_id = ?")?.execute([call.id])?;
        }
        Ok(table::write(self.tx, call)?)
    }
}

fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Puts a damaged file aside, with what SQLite keeps beside it. The new name.
pub(super) fn put_aside(path: &Path, now_ms: i64) -> std::io::Result<PathBuf> {
    let name = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = format!(".corrupt-{now_ms}");
    for suffix in ["-wal", "-shm"] {
        let beside = name(suffix);
        if beside.exists() {
            std::fs::rename(beside, name(&format!("{aside}{suffix}")))?;
        }
    }
    std::fs::rename(path, name(&aside))?;
    Ok(name(&aside))
}
