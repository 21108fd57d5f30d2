// What the board knows: a pure function of what the server has sent. Nothing here looks at a clock, a page or the network.

/** How many happenings are kept. */
const RECENT = 60;

/** Before the first snapshot. Times are in ms since 1970, as the server's clock has them. */
export const EMPTY = Object.freeze({ ready: false, seq: 0, lots: new Map(), calls: new Map(), recent: [] });

/** The state after a message: `{ event, id, data }`, as it comes from the stream. What is unknown or cannot be read changes nothing. */
export const reduce = (state, { event, id, data }) => {
  if (!data || typeof data !== "object") return state;
  if (event === "snapshot") return snapshot(state, id, data);
  if (event === "call" && typeof data.uuid === "string") return happened(state, data);
  return state;
};

const snapshot = (state, id, data) => {
  const calls = new Map();
  for (const call of data.calls || []) calls.set(call.uuid, timed(call, state.calls.get(call.uuid)));
  const lots = new Map((data.lots || []).map((lot) => [lot.lot, lot]));
  // A snapshot without an id comes before the events that were missed: they are still to be told.
  const seq = id === undefined ? state.seq : Number(id) || 0;
  return { ...state, ready: true, seq, lots, calls };
};

const happened = (state, data) => {
  const before = state.calls.get(data.uuid) || (data.from_uuid && state.calls.get(data.from_uuid));
  const calls = new Map(state.calls);
  if (data.from_uuid) calls.delete(data.from_uuid);
  if (data.call) {
    // An orbit holds one call: another one there has gone.
    for (const [uuid, other] of calls) if (other.lot === data.call.lot && other.orbit === data.call.orbit) calls.delete(uuid);
    calls.set(data.uuid, timed(data.call, before));
  } else calls.delete(data.uuid);
  let lots = state.lots;
  // What is not said again, such as what the viewer may do, is as before.
  if (data.status) lots = new Map(lots).set(data.status.lot, { ...lots.get(data.status.lot), ...data.status });
  const seq = Number(data.seq) || 0;
  if (seq <= state.seq) return { ...state, lots, calls };
  const recent = [remembered(data, seq, before), ...state.recent].slice(0, RECENT);
  return { ...state, seq, lots, calls, recent };
};

/** What is told of an event: who it was about, even after the call has gone. */
const remembered = (data, seq, before) => {
  const call = data.call || before || {};
  return {
    seq, at: data.at_ms, action: data.action, outcome: data.outcome || null, uuid: data.uuid, waiting: Boolean(data.call),
    lot: data.lot, orbit: data.orbit, from: before && before.orbit !== data.orbit ? before.orbit : null,
    name: call.caller_id_name || "", number: call.caller_id_number || "", priority: call.priority || 0,
    retriever: data.retriever || null, reason: data.reason || null, step: data.step || null, wait: data.wait_ms || 0,
  };
};

/**
 * The call with moments in the place of durations. `parked_at` and `waiting_ms` together say what the time was when the server
 * described the call, and so all others follow, however late the message arrives.
 */
const timed = (call, before) => {
  const described = call.parked_at + call.waiting_ms;
  const deadline = call.timeout_ms_left === null || call.timeout_ms_left === undefined ? null : described + call.timeout_ms_left;
  // After its return steps a call waits for another timeout: the bar begins again.
  const again = before && before.deadline !== null && deadline !== null && deadline > before.deadline + 1500;
  const since = again ? described : before ? before.since : call.parked_at;
  return { ...call, deadline, since, due: call.next ? described + call.next.in_ms : null };
};

/** For how long the call has waited at `now`, in ms. */
export const waited = (call, now) => Math.max(0, now - call.parked_at);

/** Until its return steps start, in ms. `null`: never. */
export const left = (call, now) => (call.deadline === null ? null : Math.max(0, call.deadline - now));

/** The part of the wait that has passed, 0 to 1. Without a timeout: of ten minutes. */
export const share = (call, now) => {
  if (call.state === "returning") return 1;
  const end = call.deadline === null ? call.since + 600_000 : call.deadline;
  return Math.min(1, Math.max(0, (now - call.since) / Math.max(1, end - call.since)));
};

/** How urgent the call is, in words that CSS and icons know. */
export const age = (call, now) => {
  if (call.state === "returning" || call.state === "connecting") return call.state;
  const part = share(call, now);
  if (part >= 0.8) return "late";
  return part >= 0.5 ? "soon" : "calm";
};

const URGENCY = { returning: 4, late: 3, soon: 2, calm: 1, connecting: 0 };

/** The calls in the order in which somebody should take them: by priority, then by age, then the longest waiting. */
export const urgent = (calls, now) => {
  const rank = new Map(calls.map((call) => [call, URGENCY[age(call, now)]]));
  return [...calls].sort((a, b) => b.priority - a.priority || rank.get(b) - rank.get(a) || a.parked_at - b.parked_at ||
    (a.uuid < b.uuid ? -1 : 1));
};

/** The order of orbits: 99 before 100, and `*5901` by its characters. */
export const byOrbit = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** The calls of a lot by their orbit. */
export const of = (state, lot) =>
  [...state.calls.values()].filter((call) => call.lot === lot).sort((a, b) => byOrbit(a.orbit, b.orbit));

/** Whether the call is one that the text is about: every word is somewhere in it. */
export const matches = (call, text) => {
  const all = [call.orbit, call.lot, call.caller_id_name, call.caller_id_number, call.parker, call.for, call.note].join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
};

/** The most calls that waited at one time in each of `parts` equal parts of a period, from calls of the history. */
export const course = (calls, from, to, parts) => {
  const steps = [];
  for (const call of calls) {
    const start = Math.max(from, call.parked_at_ms);
    const end = Math.min(to, call.ended_at_ms === null || call.ended_at_ms === undefined ? to : call.ended_at_ms);
    if (start < end) steps.push([start, 1], [end, -1]);
  }
  // At the same moment, one goes before the next comes.
  steps.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const most = new Array(parts).fill(0);
  const width = (to - from) / parts;
  let count = 0;
  let n = 0;
  for (let part = 0; part < parts; part++) {
    most[part] = count;
    for (; n < steps.length && steps[n][0] < from + (part + 1) * width; n++) {
      count += steps[n][1];
      most[part] = Math.max(most[part], count);
    }
  }
  return most;
};
