//! A connection to PostgreSQL, and what is done over it. Nothing here waits for longer than its limit.

use std::error::Error;
use std::time::Duration;

use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::{Json, Type};

use super::address::Address;
use super::local::{Batch, ENTRY, Life};
use super::{schema, tls};
use crate::journal::{Failure, table};

/// Why the database cannot be used at the moment.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No answer came in time, from the server or within it.
    TooSlow(String),
    /// The server, or the way to it.
    Refused(String),
    /// The file of the node.
    File(String),
    /// Somebody else has moved the position, or the file is another one: begin again, and at once.
    Moved,
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(err: tokio_postgres::Error) -> Self {
        let Some(db) = err.as_db_error() else {
            let mut text = err.to_string();
            let mut cause = err.source();
            while let Some(err) = cause {
                text = format!("{text}: {err}");
                cause = err.source();
            }
            return Trouble::Refused(text);
        };
        // Not its detail, which can quote what callers have sent.
        let text = format!("{} ({})", db.message(), db.code().code());
        // query_canceled, lock_not_available
        match db.code().code() {
            "57014" | "55P03" => Trouble::TooSlow(text),
            _ => Trouble::Refused(text),
        }
    }
}

impl From<Failure> for Trouble {
    fn from(err: Failure) -> Self {
        Trouble::File(format!("the journal cannot be read: {err}"))
    }
}

/// How long an answer may take.
#[derive(Clone, Copy)]
pub(super) struct Limited(pub(super) Duration);

impl Limited {
    /// What that comes to, in time.
    pub(super) async fn of<T>(
        self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Trouble> {
        match tokio::time::timeout(self.0, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Trouble::TooSlow(format!("no answer within {} s", self.0.as_secs()))),
        }
    }
}

/// A connection.
pub(super) struct Remote {
    client: Client,
    limited: Limited,
}

impl Remote {
    /// Connects, and makes the tables if there are none.
    pub(super) async fn connect(address: &Address, limited: Limited) -> Result<Self, Trouble> {
        let tls = tls::connector(&address.tls).map_err(Trouble::Refused)?;
        let (client, connection) = limited.of(address.config.connect(tls)).await?;
        // It ends with the client, or tells the client that it has ended.
        tokio::spawn(async move { drop(connection.await) });
        let rows = limited.of(client.query_typed("SHOW server_encoding", &[])).await?;
        let encoding: &str = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or("UTF8");
        if encoding != "UTF8" {
            let text = format!("the encoding of the database is {encoding}, and must be UTF8");
            return Err(Trouble::Refused(text));
        }
        schema::migrate(&client, limited).await?;
        Ok(Remote { client, limited })
    }

    /// The position of that journal, which begins here if it is new.
    pub(super) async fn position(&self, life: &Life, node: &str) -> Result<i64, Trouble> {
        let sql = "INSERT INTO callpark_journal (journal, node, position) VALUES ($1::text::uuid, $2, $3) \
                   ON CONFLICT (journal) DO NOTHING";
        let begin = life.from - 1;
        let values =
            [(&life.journal as _, Type::TEXT), (&node as _, Type::TEXT), (&begin as _, Type::INT8)];
        self.limited.of(self.client.execute_typed(sql, &values)).await?;
        let sql = "SELECT position FROM callpark_journal WHERE journal = $1::text::uuid";
        let rows = self.limited.of(self.client.query_typed(sql, &values[..1])).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(begin))
    }

    /// Sends these entries and calls, all of them or none. The position is the lock: what a connection that was given up has
    /// still on its way comes before this, or is refused.
    pub(super) async fn ship(&self, life: &Life, after: i64, batch: &Batch) -> Result<(), Trouble> {
        self.begin().await?;
        let sql = "UPDATE callpark_journal SET position = $3, shipped_at = now() \
                   WHERE journal = $1::text::uuid AND position = $2";
        let values = [
            (&life.journal as _, Type::TEXT),
            (&after as _, Type::INT8),
            (&batch.last as _, Type::INT8),
        ];
        if self.limited.of(self.client.execute_typed(sql, &values)).await? != 1 {
            return Err(Trouble::Moved);
        }
        let sql = format!(
            "INSERT INTO callpark_entry (journal, {ENTRY}) \
             SELECT journal, {ENTRY} FROM jsonb_populate_recordset(NULL::callpark_entry, $1) \
             ON CONFLICT (journal, seq) DO NOTHING"
        );
        self.rows(&sql, &batch.entries).await?;
        self.write_calls(&batch.calls).await?;
        self.limited.of(self.client.batch_execute("COMMIT")).await
    }

    /// Replaces these entries, as far as they are there, and these calls.
    pub(super) async fn replace(&self, batch: &Batch) -> Result<(), Trouble> {
        self.begin().await?;
        let sql = "UPDATE callpark_entry AS old SET json = new.json \
                   FROM jsonb_populate_recordset(NULL::callpark_entry, $1) AS new \
                   WHERE old.journal = new.journal AND old.seq = new.seq";
        self.rows(sql, &batch.entries).await?;
        self.write_calls(&batch.calls).await?;
        self.limited.of(self.client.batch_execute("COMMIT")).await
    }

    /// Sends these calls as they are now.
    pub(super) async fn calls(&self, life: &Life, at: i64, calls: &[Value]) -> Result<(), Trouble> {
        self.ship(life, at, &Batch { calls: calls.to_vec(), last: at, ..Batch::default() }).await
    }

    /// The server gives up before the client does, so that what was given up does not go on there.
    async fn begin(&self) -> Result<(), Trouble> {
        let ms = (self.limited.0.as_millis() * 4 / 5).max(1);
        let sql = format!(
            "BEGIN; SET LOCAL statement_timeout = {ms}; SET LOCAL lock_timeout = {ms}; \
             SET LOCAL idle_in_transaction_session_timeout = {ms}"
        );
        self.limited.of(self.client.batch_execute(&sql)).await
    }

    async fn write_calls(&self, calls: &[Value]) -> Result<(), Trouble> {
        if calls.is_empty() {
            return Ok(());
        }
        let columns = table::COLUMNS;
        let updates: Vec<String> = columns
            .split(',')
            .map(str::trim)
            .filter(|name| *name != "id")
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let sql = format!(
            "INSERT INTO callpark_call (journal, {columns}) \
             SELECT journal, {columns} FROM jsonb_populate_recordset(NULL::callpark_call, $1) \
             ON CONFLICT (journal, id) DO UPDATE SET {}",
            updates.join(", ")
        );
        self.rows(&sql, calls).await
    }

    async fn rows(&self, sql: &str, rows: &[Value]) -> Result<(), Trouble> {
        if rows.is_empty() {
            return Ok(());
        }
        let values = [(&Json(rows) as _, Type::JSONB)];
        self.limited.of(self.client.execute_typed(sql, &values)).await.map(drop)
    }

    /// The entry of that number.
    pub(super) async fn entry(&self, life: &Life, seq: i64) -> Result<Option<Value>, Trouble> {
        let sql = format!(
            "SELECT to_jsonb(found) FROM (SELECT {ENTRY} FROM callpark_entry \
             WHERE journal = $1::text::uuid AND seq = $2) AS found"
        );
        let values = [(&life.journal as _, Type::TEXT), (&seq as _, Type::INT8)];
        let rows = self.limited.of(self.client.query_typed(&sql, &values)).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }

    /// Whether it still answers.
    pub(super) async fn alive(&self) -> Result<(), Trouble> {
        self.limited.of(self.client.query_typed("SELECT 1", &[])).await.map(drop)
    }
}
