// Tests of state.js and stream.js.

import { EMPTY, age, byOrbit, course, left, matches, reduce, share, urgent, waited } from "./state.js";
import { reader } from "./stream.js";

const failed = [];
const test = (name, body) => {
  try {
    body();
  } catch (error) {
    failed.push(`${name}: ${error.message}`);
  }
};
const same = (found, expected) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
};

const T = 1_700_000_000_000;
const call = (uuid, orbit, more = {}) => ({
  lot: "default", orbit, uuid, caller_id_name: uuid.toUpperCase(), caller_id_number: "1", parker: "1000@a", priority: 0, waiting_ms: 10_000,
  timeout_ms_left: 80_000, state: "waiting", note: "", for: "", parked_at: T, retriever: null, step: null, next: { in_ms: 80_000, what: "rings", step: "1" }, mine: false, ...more,
});
const lot = (parked) => ({ lot: "default", capacity: 20, parked, free: 20 - parked, closed: 0, may: [] });
const snapshot = (calls, id) => ({ event: "snapshot", id, data: { at_ms: T, seq: 5, lots: [lot(calls.length)], calls } });
const event = (seq, action, uuid, more = {}) => ({ event: "call", id: String(seq), data: { seq, at_ms: T, action, uuid, lot: "default", orbit: "701", outcome: null, wait_ms: 0, call: null, status: null, ...more } });
const all = (messages, from = EMPTY) => messages.reduce(reduce, from);
const uuids = (state) => [...state.calls.keys()];

test("a snapshot replaces everything", () => {
  const state = all([snapshot([call("a", "701")], "5"), snapshot([call("b", "702")], "9")]);
  same([uuids(state), state.seq, state.ready, state.lots.get("default").parked], [["b"], 9, true, 1]);
});

test("events add, change and remove", () => {
  const state = all([snapshot([call("a", "701")], "5"), event(6, "park", "b", { orbit: "702", call: call("b", "702"), status: lot(2) }),
    event(7, "move", "a", { orbit: "705", call: call("a", "705") }), event(8, "abandon", "b", { outcome: "abandoned", orbit: "702" })]);
  same([uuids(state), state.calls.get("a").orbit, state.seq], [["a"], "705", 8]);
  same(state.recent.map((one) => [one.action, one.name, one.from]), [["abandon", "B", null], ["move", "A", "701"], ["park", "B", null]]);
  same(state.lots.get("default").parked, 2);
});

test("a replayed event is told once and changes nothing twice", () => {
  const park = event(6, "park", "b", { call: call("b", "702") });
  const state = all([snapshot([], "5"), park, park]);
  same([uuids(state), state.recent.length, state.seq], [["b"], 1, 6]);
});

test("after a reconnect, what was missed is told and the snapshot is not undone", () => {
  const before = all([snapshot([call("a", "701")], "5"), event(6, "park", "b", { call: call("b", "702") })]);
  // b has gone and c has come, which the snapshot without an id knows already.
  const state = all([snapshot([call("a", "701"), call("c", "703")], undefined), event(7, "retrieve", "b", { outcome: "retrieved", retriever: "1001@a" }),
    event(8, "park", "c", { orbit: "703", call: call("c", "703") })], before);
  same([uuids(state), state.recent.map((one) => one.seq), state.seq], [["a", "c"], [8, 7, 6], 8]);
});

test("a replacement takes the place of the channel before", () => {
  const state = all([snapshot([call("a", "701")], "5"), event(6, "replace", "b", { from_uuid: "a", call: call("b", "701") })]);
  same(uuids(state), ["b"]);
});

test("an orbit holds one call", () => {
  const state = all([snapshot([call("a", "701")], "5"), event(6, "park", "b", { call: call("b", "701") })]);
  same(uuids(state), ["b"]);
});

test("what cannot be read changes nothing", () => {
  const state = all([snapshot([call("a", "701")], "5")]);
  for (const message of [{ event: "call", data: null }, { event: "call", data: {} }, { event: "news", data: { uuid: "x" } }, { event: "call", data: "x" }]) {
    if (reduce(state, message) !== state) throw new Error(JSON.stringify(message));
  }
});

test("what is not said again of a lot is as before", () => {
  const first = { ...lot(0), may: ["park"] };
  const { may, ...later } = lot(1);
  const state = all([{ event: "snapshot", id: "1", data: { lots: [first], calls: [] } }, event(2, "park", "a", { call: call("a", "701"), status: later })]);
  same([state.lots.get("default").parked, state.lots.get("default").may], [1, ["park"]]);
});

test("happenings are few", () => {
  let state = all([snapshot([], "0")]);
  for (let n = 1; n < 200; n++) state = reduce(state, event(n, "refuse", `u${n}`));
  same([state.recent.length, state.recent[0].seq], [60, 199]);
});

test("times follow from when the server described the call", () => {
  const one = all([snapshot([call("a", "701")], "5")]).calls.get("a");
  same([one.deadline, one.due, waited(one, T + 30_000), left(one, T + 30_000), left(one, T + 999_000)], [T + 90_000, T + 90_000, 30_000, 60_000, 0]);
  same([share(one, T), share(one, T + 45_000), share(one, T + 990_000)], [0, 0.5, 1]);
});

test("a call ages, and begins again after its return steps", () => {
  let state = all([snapshot([call("a", "701")], "5")]);
  const ages = [0, 44, 46, 71, 73, 300].map((s) => age(state.calls.get("a"), T + s * 1000));
  same(ages, ["calm", "calm", "soon", "soon", "late", "late"]);
  state = reduce(state, event(6, "return", "a", { call: call("a", "701", { state: "returning", waiting_ms: 90_000, timeout_ms_left: 0 }) }));
  same(age(state.calls.get("a"), T + 95_000), "returning");
  state = reduce(state, event(7, "return", "a", { call: call("a", "701", { waiting_ms: 110_000, timeout_ms_left: 90_000 }) }));
  same([age(state.calls.get("a"), T + 111_000), share(state.calls.get("a"), T + 155_000)], ["calm", 0.5]);
});

test("without a timeout, a call ages within ten minutes", () => {
  const one = all([snapshot([call("a", "701", { timeout_ms_left: null, next: null })], "5")]).calls.get("a");
  same([left(one, T), one.due, age(one, T), age(one, T + 301_000), age(one, T + 481_000)], [null, null, "calm", "soon", "late"]);
});

test("the most urgent call is first", () => {
  const state = all([snapshot([call("calm", "701"), call("old", "702", { parked_at: T - 80_000, waiting_ms: 80_000, timeout_ms_left: 10_000 }),
    call("vip", "703", { priority: 5 }), call("back", "704", { state: "returning" })], "5")]);
  same(urgent([...state.calls.values()], T).map((one) => one.uuid), ["vip", "back", "old", "calm"]);
});

test("orbits are in order", () => same(["100", "99", "*5901", "701", "702"].sort(byOrbit), ["99", "100", "701", "702", "*5901"]));

test("a search finds every word", () => {
  const one = call("a", "701", { caller_id_name: "Ada Lovelace", note: "Wants a Quote" });
  same(["lovelace", "ada quote", "701", "bob", "ada bob"].map((text) => matches(one, text)), [true, true, true, false, false]);
});

test("the course of a day has the most of each part", () => {
  const calls = [{ parked_at_ms: 0, ended_at_ms: 30 }, { parked_at_ms: 25, ended_at_ms: 26 }, { parked_at_ms: 30, ended_at_ms: null }, { parked_at_ms: -9, ended_at_ms: 5 }];
  same(course(calls, 0, 100, 10), [2, 1, 2, 1, 1, 1, 1, 1, 1, 1]);
  same(course([], 0, 100, 3), [0, 0, 0]);
});

test("the stream is read in any pieces", () => {
  const text = ": heartbeat\n\nid: 7\nevent: call\ndata: {\"a\":\ndata: 1}\n\nevent: snapshot\r\ndata: é\r\n\r\ndata\n\nid: 9\n\nevent:x\ndata:  two\n\n";
  const expected = [{ event: "call", data: "{\"a\":\n1}", id: "7" }, { event: "snapshot", data: "é" }, { event: "message", data: "" }, { event: "x", data: " two" }];
  for (let size = 1; size < 40; size++) {
    const found = [];
    const read = reader((message) => found.push(message));
    for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));
    same(found, expected);
  }
});

document.documentElement.dataset.failed = failed.join("; ");
document.documentElement.dataset.done = "true";
