//! The tables and views in PostgreSQL, and how older ones become those of today.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::remote::{Limited, Trouble};

/// What has to be done to come from each version to the next. Never change one that was released; add one.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// The oldest version whose tables can be written by who knows only those. Nodes are updated one after the other, so a column
/// that is added has a default, and this stays as it is.
const COMPATIBLE: i32 = 1;

/// Any number, as long as all nodes lock the same.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7281775527)";

const VERSION: &str = "CREATE TABLE IF NOT EXISTS callpark_version (\
     here boolean PRIMARY KEY DEFAULT true CHECK (here), version integer NOT NULL, compatible integer NOT NULL)";

/// Brings the tables up to date. Whoever has no right to make tables can use those that are there.
pub(super) async fn migrate(client: &Client, limited: Limited) -> Result<(), Trouble> {
    if let Some((version, compatible)) = found(client, limited).await?
        && known(version, compatible)?
    {
        return Ok(());
    }
    limited.of(client.batch_execute(&format!("BEGIN; {LOCK}; {VERSION}"))).await?;
    // Another node may have been first.
    let (version, _) = found(client, limited).await?.unwrap_or_default();
    let at = usize::try_from(version).unwrap_or_default();
    for sql in MIGRATIONS.get(at..).unwrap_or_default() {
        limited.of(client.batch_execute(sql)).await?;
    }
    if at < MIGRATIONS.len() {
        let sql = format!(
            "INSERT INTO callpark_version (version, compatible) VALUES ({0}, {COMPATIBLE}) \
             ON CONFLICT (here) DO UPDATE SET version = {0}, compatible = {COMPATIBLE}",
            MIGRATIONS.len()
        );
        limited.of(client.batch_execute(&sql)).await?;
    }
    limited.of(client.batch_execute("COMMIT")).await
}

/// The version that is there, and the oldest that may write to it.
async fn found(client: &Client, limited: Limited) -> Result<Option<(i32, i32)>, Trouble> {
    let sql = "SELECT to_regclass('callpark_version')::text";
    let rows = limited.of(client.query_typed(sql, &[])).await?;
    let table: Option<&str> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
    if table.is_none() {
        return Ok(None);
    }
    let sql = "SELECT version, compatible FROM callpark_version WHERE here = $1";
    let rows = limited.of(client.query_typed(sql, &[(&true, Type::BOOL)])).await?;
    rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Whether nothing has to be changed.
fn known(version: i32, compatible: i32) -> Result<bool, Trouble> {
    let latest = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    if compatible > latest {
        let text = format!(
            "its tables are those of a newer mod_callpark (version {version}, and this one knows up to {latest})"
        );
        return Err(Trouble::Refused(text));
    }
    Ok(version >= latest)
}
