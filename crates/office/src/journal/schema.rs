//! The tables, and how an older file becomes one of today.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::Failure;

/// What has to be done to come from each `PRAGMA user_version` to the next. Never change one that was released; add one.
const MIGRATIONS: &[&str] = &["
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('first_seq', 1);

-- Append-only. call_id is the seq of the entry with which the call began; NULL: no call that was parked.
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    node TEXT NOT NULL,
    call_id INTEGER,
    action TEXT NOT NULL,
    lot TEXT NOT NULL,
    orbit TEXT NOT NULL,
    json TEXT NOT NULL
) STRICT;
CREATE INDEX entry_of_call ON entry (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX entry_refused ON entry (at_ms) WHERE action = 'refuse';

-- Made from the entries, and can be made again.
CREATE TABLE call (
    id INTEGER PRIMARY KEY,
    node TEXT NOT NULL,
    uuid TEXT NOT NULL,
    domain TEXT NOT NULL,
    lot TEXT NOT NULL,
    orbit TEXT NOT NULL,
    caller_name TEXT NOT NULL,
    caller_number TEXT NOT NULL,
    did TEXT NOT NULL,
    parker TEXT NOT NULL,
    addressed_to TEXT NOT NULL,
    priority INTEGER NOT NULL,
    note TEXT NOT NULL,
    parked_at_ms INTEGER NOT NULL,
    deadline_ms INTEGER,
    capacity INTEGER,
    ended_at_ms INTEGER,
    wait_ms INTEGER,
    outcome TEXT,
    reason TEXT NOT NULL,
    retriever TEXT NOT NULL,
    retriever_uuid TEXT NOT NULL,
    earlier TEXT NOT NULL,
    steps TEXT NOT NULL,
    given_back TEXT NOT NULL,
    recovered INTEGER NOT NULL,
    partial INTEGER NOT NULL
) STRICT;
CREATE INDEX call_by_time ON call (parked_at_ms);
CREATE INDEX call_by_number ON call (caller_number) WHERE caller_number <> '';
CREATE INDEX call_waiting ON call (uuid) WHERE ended_at_ms IS NULL;
-- The few that were parked for more than a day, for the question who was parked at a moment.
CREATE INDEX call_long ON call (parked_at_ms) WHERE wait_ms > 86400000;

-- The callers of calls that are waiting, if the other tables may not have them. A row goes with the end of its call.
CREATE TABLE held (
    call_id INTEGER PRIMARY KEY,
    caller_name TEXT NOT NULL,
    caller_number TEXT NOT NULL
) STRICT;

-- What others want to know again after a restart, each under a name of its own.
CREATE TABLE kept (
    name TEXT PRIMARY KEY,
    json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What hashed numbers were made with. Without its key, nobody can say which number a hash was.
CREATE TABLE secret (
    domain TEXT NOT NULL,
    month TEXT NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (domain, month)
) STRICT, WITHOUT ROWID;
", "
-- Who did what. Append-only; hash is over the row and the hash before: see the module `audit`.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    node TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    lot TEXT NOT NULL,
    orbit TEXT NOT NULL,
    uuid TEXT NOT NULL,
    result TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at_ms);

-- Entries from which a caller was erased, until other databases know.
CREATE TABLE erased (
    seq INTEGER PRIMARY KEY
) STRICT;
", "
-- Which entries a webhook has not been sent yet. call_id: of one call, one after the other; of an entry of no call, its seq.
-- due_ms is the greatest number there is while an earlier entry of the call waits.
CREATE TABLE outbox (
    hook TEXT NOT NULL,
    seq INTEGER NOT NULL,
    call_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    queued_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (hook, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (hook, due_ms) WHERE state = 'waiting';
CREATE INDEX outbox_of_call ON outbox (hook, call_id, seq) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox (hook, seq) WHERE state = 'dead';

-- What tells the entries of this file from those of every other one.
INSERT INTO kept VALUES ('journal', json_quote(lower(hex(randomblob(8)))));
"];

/// Brings the file up to date. A file of a newer version of this crate is left alone.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: usize = tx
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?
        .try_into()
        .unwrap_or(usize::MAX);
    let Some(missing) = MIGRATIONS.get(found..) else {
        return Err(Failure::Newer { found, known: MIGRATIONS.len() });
    };
    if missing.is_empty() {
        return Ok(());
    }
    for sql in missing {
        tx.execute_batch(sql)?;
    }
    tx.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    Ok(tx.commit()?)
}
