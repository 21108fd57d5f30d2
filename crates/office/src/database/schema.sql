-- The position of each journal: the number of its latest entry that is here.
CREATE TABLE callpark_journal (
    journal uuid PRIMARY KEY,
    node text NOT NULL,
    position bigint NOT NULL,
    shipped_at timestamptz NOT NULL DEFAULT now()
);

-- Append-only, as in the file of the node. call_id is the seq of the entry with which the call began.
CREATE TABLE callpark_entry (
    journal uuid NOT NULL,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    node text NOT NULL,
    call_id bigint,
    action text NOT NULL,
    lot text NOT NULL,
    orbit text NOT NULL,
    json jsonb NOT NULL,
    PRIMARY KEY (journal, seq)
);
CREATE INDEX callpark_entry_of_call ON callpark_entry (journal, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX callpark_entry_refused ON callpark_entry (to_timestamp(at_ms / 1000.0)) WHERE action = 'refuse';

-- A row for each parked call, which changes until the call ends.
CREATE TABLE callpark_call (
    journal uuid NOT NULL,
    id bigint NOT NULL,
    node text NOT NULL,
    uuid text NOT NULL,
    domain text NOT NULL,
    lot text NOT NULL,
    orbit text NOT NULL,
    caller_name text NOT NULL,
    caller_number text NOT NULL,
    did text NOT NULL,
    parker text NOT NULL,
    addressed_to text NOT NULL,
    priority integer NOT NULL,
    note text NOT NULL,
    parked_at_ms bigint NOT NULL,
    deadline_ms bigint,
    capacity bigint,
    ended_at_ms bigint,
    wait_ms bigint,
    outcome text,
    reason text NOT NULL,
    retriever text NOT NULL,
    retriever_uuid text NOT NULL,
    earlier jsonb NOT NULL,
    steps jsonb NOT NULL,
    given_back jsonb NOT NULL,
    recovered boolean NOT NULL,
    partial boolean NOT NULL,
    PRIMARY KEY (journal, id)
);
CREATE INDEX callpark_call_by_time ON callpark_call (to_timestamp(parked_at_ms / 1000.0));
CREATE INDEX callpark_call_waiting ON callpark_call (journal, id) WHERE ended_at_ms IS NULL;

CREATE VIEW callpark_calls AS
SELECT node, journal, id, uuid, domain, lot, orbit, caller_name, caller_number, did, parker, addressed_to, priority, note,
    to_timestamp(parked_at_ms / 1000.0) AS parked_at,
    to_timestamp(ended_at_ms / 1000.0) AS ended_at,
    to_timestamp(deadline_ms / 1000.0) AS deadline,
    wait_ms / 1000.0::double precision AS wait_s,
    coalesce(outcome, 'waiting') AS outcome,
    reason, retriever, retriever_uuid, capacity, earlier, steps, given_back, recovered, partial
FROM callpark_call;

CREATE VIEW callpark_by_hour AS
SELECT date_trunc('hour', at) AS hour, node, domain, lot,
    count(*) FILTER (WHERE outcome <> 'refused') AS parked,
    count(*) FILTER (WHERE outcome = 'retrieved') AS retrieved,
    count(*) FILTER (WHERE outcome = 'returned') AS returned,
    count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
    count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
    count(*) FILTER (WHERE outcome NOT IN ('retrieved', 'returned', 'abandoned', 'waiting', 'refused')) AS other,
    count(*) FILTER (WHERE outcome = 'refused') AS refused,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY wait_s) AS wait_median_s,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY wait_s) AS wait_p90_s,
    max(wait_s) AS wait_longest_s
FROM (
    SELECT to_timestamp(parked_at_ms / 1000.0) AS at, node, domain, lot, coalesce(outcome, 'waiting') AS outcome,
        wait_ms / 1000.0::double precision AS wait_s
    FROM callpark_call
    UNION ALL
    SELECT to_timestamp(at_ms / 1000.0), node, coalesce(json #>> '{subject,domain}', ''), lot, 'refused', NULL
    FROM callpark_entry WHERE action = 'refuse' AND coalesce(json ->> 'retriever_uuid', '') = ''
) AS happened
GROUP BY 1, 2, 3, 4;

CREATE VIEW callpark_people AS
SELECT date_trunc('day', at) AS day, person, node,
    count(*) FILTER (WHERE did = 'parked') AS parked,
    count(*) FILTER (WHERE did = 'parked' AND outcome = 'abandoned') AS parked_abandoned,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY wait_s) FILTER (WHERE did = 'parked') AS parked_wait_median_s,
    count(*) FILTER (WHERE did = 'took') AS took,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY wait_s) FILTER (WHERE did = 'took') AS took_wait_median_s
FROM (
    SELECT to_timestamp(parked_at_ms / 1000.0) AS at, parker AS person, node, 'parked' AS did, outcome,
        wait_ms / 1000.0::double precision AS wait_s
    FROM callpark_call WHERE parker <> ''
    UNION ALL
    SELECT to_timestamp(parked_at_ms / 1000.0), retriever, node, 'took', outcome, wait_ms / 1000.0::double precision
    FROM callpark_call WHERE retriever <> '' AND outcome IN ('retrieved', 'returned')
) AS happened
GROUP BY 1, 2, 3;
