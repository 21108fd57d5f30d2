//! The table `call`, to and from [`Call`].

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use crate::entry::{Place, Subject};

/// The columns, in the order in which [`read`] expects them.
pub(crate) const COLUMNS: &str = "id, node, uuid, domain, lot, orbit, caller_name, caller_number, did, parker, addressed_to, \
     priority, note, parked_at_ms, deadline_ms, capacity, ended_at_ms, wait_ms, outcome, reason, retriever, retriever_uuid, \
     earlier, steps, given_back, recovered, partial";

const WRITE: &str = "INSERT INTO call VALUES (:id, :node, :uuid, :domain, :lot, :orbit, :caller_name, :caller_number, :did, \
     :parker, :addressed_to, :priority, :note, :parked_at_ms, :deadline_ms, :capacity, :ended_at_ms, :wait_ms, :outcome, \
     :reason, :retriever, :retriever_uuid, :earlier, :steps, :given_back, :recovered, :partial) \
     ON CONFLICT (id) DO UPDATE SET uuid = excluded.uuid, domain = excluded.domain, lot = excluded.lot, \
     orbit = excluded.orbit, caller_name = excluded.caller_name, caller_number = excluded.caller_number, \
     did = excluded.did, parker = excluded.parker, addressed_to = excluded.addressed_to, priority = excluded.priority, \
     note = excluded.note, parked_at_ms = excluded.parked_at_ms, deadline_ms = excluded.deadline_ms, \
     capacity = excluded.capacity, ended_at_ms = excluded.ended_at_ms, wait_ms = excluded.wait_ms, \
     outcome = excluded.outcome, reason = excluded.reason, retriever = excluded.retriever, \
     retriever_uuid = excluded.retriever_uuid, earlier = excluded.earlier, steps = excluded.steps, \
     given_back = excluded.given_back, recovered = excluded.recovered";

/// Writes the call, new or changed.
pub(super) fn write(connection: &Connection, call: &Call) -> rusqlite::Result<()> {
    let subject = &call.subject;
    connection.prepare_cached(WRITE)?.execute(named_params! {
        ":id": call.id,
        ":node": call.node,
        ":uuid": call.uuid,
        ":domain": subject.domain,
        ":lot": call.place.lot,
        ":orbit": call.place.orbit,
        ":caller_name": subject.caller_name,
        ":caller_number": subject.caller_number,
        ":did": subject.did,
        ":parker": subject.parker,
        ":addressed_to": subject.addressed_to,
        ":priority": subject.priority,
        ":note": subject.note,
        ":parked_at_ms": subject.parked_at_ms,
        ":deadline_ms": call.deadline_ms,
        ":capacity": call.capacity,
        ":ended_at_ms": call.ended_at_ms,
        ":wait_ms": call.wait_ms,
        ":outcome": call.outcome,
        ":reason": call.reason,
        ":retriever": call.retriever,
        ":retriever_uuid": call.retriever_uuid,
        ":earlier": json(&call.earlier)?,
        ":steps": json(&call.steps)?,
        ":given_back": json(&call.given_back)?,
        ":recovered": call.recovered,
        ":partial": call.partial,
    })?;
    Ok(())
}

/// Reads a call from [`COLUMNS`].
pub(crate) fn read(row: &SqlRow<'_>) -> rusqlite::Result<Call> {
    Ok(Call {
        id: row.get(0)?,
        node: row.get(1)?,
        uuid: row.get(2)?,
        place: Place { lot: row.get(4)?, orbit: row.get(5)? },
        subject: Subject {
            domain: row.get(3)?,
            caller_name: row.get(6)?,
            caller_number: row.get(7)?,
            did: row.get(8)?,
            parker: row.get(9)?,
            addressed_to: row.get(10)?,
            priority: row.get(11)?,
            note: row.get(12)?,
            parked_at_ms: row.get(13)?,
        },
        deadline_ms: row.get(14)?,
        capacity: row.get(15)?,
        ended_at_ms: row.get(16)?,
        wait_ms: row.get(17)?,
        outcome: row.get(18)?,
        reason: row.get(19)?,
        retriever: row.get(20)?,
        retriever_uuid: row.get(21)?,
        earlier: from_json(row, 22)?,
        steps: from_json(row, 23)?,
        given_back: from_json(row, 24)?,
        recovered: row.get(25)?,
        partial: row.get(26)?,
    })
}

/// The waiting call of that channel.
pub(super) fn waiting(connection: &Connection, uuid: &str) -> rusqlite::Result<Option<Call>> {
    // A channel is parked once at a time; should the file say otherwise, the latest counts.
    let sql = format!(
        "SELECT {COLUMNS} FROM call WHERE uuid = ? AND ended_at_ms IS NULL ORDER BY id DESC LIMIT 1"
    );
    connection.prepare_cached(&sql)?.query_row([uuid], read).optional()
}

/// A value as its column has it.
pub(crate) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|err| rusqlite::Error::ToSqlConversionFailure(err.into()))
}

/// The value of a column with JSON.
pub(crate) fn from_json<T: DeserializeOwned>(
    row: &SqlRow<'_>,
    index: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|err| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(err)))
}
