// What can be done with a call: one table for buttons, keys, drag and drop, and the page of keys.

import { app, domain, may } from "./app.js";
import { get, me, post } from "./api.js";
import { ask } from "./dialogs.js";
import { notice, sorry } from "./notices.js";
import { byOrbit } from "./state.js";
import { person, t } from "./words.js";

const NOTE_MOST = 200;

export const who = (call) => call.caller_id_name || call.caller_id_number || t("unknown");

/** Asks the server to do something with the call, shows that it is being asked, and tells what came of it. */
const tell = async (call, verb, body, done) => {
  app.asking.add(call.uuid);
  app.render();
  try {
    const answer = await post(`/v1/calls/${encodeURIComponent(call.uuid)}/${verb}`, body);
    if (done) notice(done(answer || {}));
  } catch (problem) {
    sorry(problem);
  } finally {
    app.asking.delete(call.uuid);
    app.render();
  }
};

const take = async (call) => {
  let body = {};
  // A token is nobody's: it has no phone.
  if (!me.user) {
    const field = { name: "to", label: t("person"), hint: t("which_phone_hint"), list: app.people };
    const answer = await ask({ title: t("which_phone"), fields: [field], ok: t("take") });
    if (!answer || !answer.to.trim()) return;
    body = { to: answer.to.trim() };
  }
  await tell(call, "retrieve", body, () => t("ringing", { who: who(call) }));
};

const announce = (call) => tell(call, "announce", {}, () => t("announced", { who: who(call) }));

/** Moves the call to an orbit: `orbit` can be `auto`. */
export const moveTo = (call, lot, orbit) =>
  tell(call, "move", { lot, orbit }, (place) => t("moved", { who: who(call), orbit: place.orbit || orbit }));

/** The call is for that person from now on. */
export const giveTo = (call, user) =>
  tell(call, "set", { for: user }, () => t("given", { who: who(call), person: person(user, domain()) }));

/** The orbits of a lot that could get a call. */
const free = (lot) => {
  const taken = new Set([...app.state.calls.values()].filter((call) => call.lot === lot).map((call) => call.orbit));
  const all = app.orbits.get(lot) || [];
  return all.filter((orbit) => !orbit.closed && orbit.state !== "reserved" && !taken.has(orbit.orbit)).map((orbit) => orbit.orbit).sort(byOrbit);
};

const move = async (call) => {
  const lots = [...app.state.lots.values()].filter((lot) => !lot.removed && (lot.lot === call.lot || may("park", lot.lot))).map((lot) => lot.lot);
  const places = lots.flatMap((lot) => [[`${lot} auto`, `${person(lot, domain())}: ${t("any_orbit")}`], ...free(lot).map((orbit) => [`${lot} ${orbit}`, `${person(lot, domain())} ${orbit}`])]);
  const answer = await ask({
    title: t("move_title", { who: who(call) }),
    fields: [
      { name: "place", label: t("to_orbit"), choices: [["", "–"], ...places], value: "" },
      { name: "user", label: t("to_person"), hint: t("person_hint"), list: app.people },
    ],
    ok: t("move"),
  });
  if (!answer) return;
  const [lot, orbit] = answer.place.split(" ");
  if (answer.user.trim()) await giveTo(call, answer.user.trim());
  if (orbit) await moveTo(call, lot, orbit);
};

const note = async (call) => {
  const answer = await ask({
    title: t("note_title", { who: who(call) }),
    fields: [{ name: "note", label: t("note_text"), type: "area", value: call.note, max: NOTE_MOST }],
    ok: t("save"),
  });
  if (answer) await tell(call, "set", { note: answer.note.replace(/\s+/g, " ").trim() }, () => t("saved"));
};

const prefer = (by) => async (call) => {
  const priority = Math.min(9, Math.max(0, call.priority + by));
  if (priority !== call.priority) await tell(call, "set", { priority });
};

const drop = async (call) => {
  const answer = await ask({ title: t("drop_title", { who: who(call) }), text: t("drop_hint"), ok: t("drop"), danger: true });
  if (answer) await tell(call, "drop", {}, () => t("dropped", { who: who(call) }));
};

const acts = (call) => may("admin", call.lot);

/** `more`: in the second row of buttons. */
export const ACTIONS = [
  { name: "take", keys: ["t", "Enter"], may: (call) => may("retrieve", call.lot) && call.state !== "connecting", run: take },
  { name: "announce", keys: ["a"], may: acts, run: announce },
  { name: "move", keys: ["m"], may: acts, run: move },
  { name: "note", keys: ["n"], may: acts, run: note, more: true },
  { name: "up", keys: ["+"], may: acts, run: prefer(1), more: true },
  { name: "down", keys: ["-"], may: acts, run: prefer(-1), more: true },
  { name: "back", keys: ["r"], may: acts, more: true, run: (call) => tell(call, "return", {}, () => t("returning", { who: who(call) })) },
  { name: "drop", keys: ["d", "Delete"], may: (call) => me.scope === "admin" && acts(call), run: drop, more: true },
];

/** Does what the key stands for. Whether there was something to do. */
export const press = (key, call) => {
  const action = ACTIONS.find(({ keys }) => keys.includes(key));
  if (!action || app.asking.has(call.uuid) || !action.may(call)) return false;
  action.run(call);
  return true;
};

/** Parks the other party of the viewer's current call. */
export const park = async (lot, orbit) => {
  try {
    const place = await post("/v1/park", { lot, orbit });
    notice(t("parked_in", { orbit: (place && place.orbit) || orbit }));
  } catch (problem) {
    sorry(problem);
  }
};

/** Whether the viewer has a phone with a call to park. */
export const parks = (lot) => Boolean(me && me.user && may("park", lot));

/** Learns to whom a call can be handed: whoever has parked or taken calls. */
export const learnPeople = async () => {
  const answer = await get("/v1/reports/people", { from: "-30d" }).catch(() => null);
  if (!answer) return;
  const users = [...answer.retrievers, ...answer.parkers].map((one) => one.user);
  app.people = [...new Set(users)].filter((user) => user.includes("@"));
};
