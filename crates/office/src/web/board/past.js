// The history: calls that were parked, with filters, newest first.

import { get } from "./api.js";
import { app, domain } from "./app.js";
import { el, say, set, show } from "./dom.js";
import { sorry } from "./notices.js";
import { length, moment, person, t } from "./words.js";

const PAGE = 50;
const OUTCOMES = ["retrieved", "returned", "abandoned", "left", "callback", "transferred", "dropped", "shutdown", "lost", "waiting"];
const COLUMNS = ["time", "place", "caller", "parker", "waited", "outcome", "retriever"];

/** The page. */
export const past = () => {
  const field = (name, label, control) => {
    control.id = `past-${name}`;
    return el("p", { class: "field" }, el("label", { for: control.id }, label), control);
  };
  const from = el("input", { type: "date" });
  const to = el("input", { type: "date" });
  const caller = el("input", { type: "search", maxlength: 80, placeholder: t("caller_hint"), spellcheck: "false" });
  const parker = el("input", { type: "search", maxlength: 80, spellcheck: "false" });
  const outcome = el("select", null, el("option", { value: "" }, t("any")), OUTCOMES.map((name) => el("option", { value: name }, t(`o_${name}`))));
  const send = el("button", { type: "submit", class: "main" }, t("search"));
  const rows = el("tbody");
  const count = el("p", { class: "soft", role: "status" });
  const table = el("table", { class: "list" }, el("thead", null, el("tr", null, COLUMNS.map((name) => el("th", { scope: "col" }, t(name))))), rows);
  const older = el("button", { type: "button", class: "quiet wide", click: () => load(true) }, t("older"));
  const form = el("form", { class: "filters", submit: (event) => {
    event.preventDefault();
    load(false);
  } }, field("from", t("from"), from), field("to", t("to"), to), field("caller", t("caller"), caller), field("parker", t("parker"), parker),
  field("outcome", t("outcome"), outcome), send);
  const page = el("div", { class: "page" }, el("h2", null, t("history")), form, count, table, older);
  let next = null;
  let shown = 0;

  const load = async (more) => {
    set(table, "aria-busy", "true");
    try {
      const answer = await get("/v1/history", {
        from: from.value, to: to.value, caller: caller.value.trim(), parker: parker.value.trim(), outcome: outcome.value,
        limit: PAGE, before: more ? next : null,
      });
      if (!more) {
        rows.replaceChildren();
        shown = 0;
      }
      rows.append(...answer.calls.map(row));
      shown += answer.calls.length;
      next = answer.next || null;
      say(count, shown ? t("calls", { n: shown }) : t("no_calls"));
      show(table, shown);
      show(older, next !== null);
    } catch (problem) {
      sorry(problem);
    }
    set(table, "aria-busy", null);
  };
  show(older, false);
  load(false);
  let seen = app.state.seq;
  // Whoever comes back to the page sees what has happened in the meantime.
  page.update = () => {
    if (app.state.seq === seen || next !== null || page.contains(document.activeElement)) return;
    seen = app.state.seq;
    if (shown <= PAGE) load(false);
  };
  return page;
};

const row = (call) => {
  const at = domain();
  const ending = call.outcome || "waiting";
  const cells = [
    moment(call.parked_at_ms), call.orbit, null, call.parker && person(call.parker, at), call.wait_ms === null || call.wait_ms === undefined ? "" : length(call.wait_ms),
    el("span", { class: `outcome ${ending}` }, t(`o_${ending}`)), call.retriever && person(call.retriever, at),
  ];
  cells[2] = [el("b", { dir: "auto" }, call.caller_id_name || call.caller_id_number || t("unknown")),
    call.caller_id_name ? el("span", { class: "soft" }, ` ${call.caller_id_number}`) : null, call.note ? el("span", { class: "soft small", dir: "auto" }, call.note) : null];
  return el("tr", null, cells.map((cell, n) => el("td", { "data-label": t(COLUMNS[n]) }, cell || "")));
};
