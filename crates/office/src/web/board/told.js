// What happened: the list beside the board, and the lines for a screen reader.

import { get } from "./api.js";
import { app, domain } from "./app.js";
import { el, keyed, say, show } from "./dom.js";
import { apart, clock, hour, known, person, t } from "./words.js";

const MOST = 30;

/** One happening in words. */
export const story = (one) => {
  const who = apart(one.name || one.number || t("unknown"));
  const by = one.retriever ? person(one.retriever, domain()) : "";
  const values = { who, by, orbit: one.orbit, from: one.from || "", to: one.step ? one.step.to : "" };
  if (one.outcome) {
    const key = `did_${one.outcome}${one.outcome === "retrieved" && !by ? "_nobody" : ""}`;
    return `${t(known(key) ? key : "did_left", values)} ${t("after", { time: clock(one.wait) })}`;
  }
  return t(known(`did_${one.action}`) ? `did_${one.action}` : "did_set", values);
};

/** What is worth a line: not each try of a return step, and no claim, whose end follows. */
export const worth = (one) => {
  if (one.outcome) return true;
  if (one.action === "return") return !one.step || one.step.result === "started";
  return one.action !== "retrieve" && one.action !== "set";
};

/** Fetches what ended before the page was opened. */
export const learnEarlier = async () => {
  const answer = await get("/v1/history", { limit: MOST }).catch(() => null);
  if (!answer) return;
  app.earlier = answer.calls.filter((call) => call.outcome).map((call) => ({
    seq: `call ${call.id}`, at: call.ended_at_ms, outcome: call.outcome, uuid: call.uuid, orbit: call.orbit,
    name: call.caller_id_name, number: call.caller_id_number, retriever: call.retriever, wait: call.wait_ms || 0,
  })).sort((a, b) => b.at - a.at);
  app.render();
};

/** The list. */
export const happened = () => {
  const title = el("h2", { id: "told-title" });
  const list = el("ol", { role: "list" });
  const none = el("p", { class: "soft" });
  const node = el("aside", { class: "told", tabindex: "0", "aria-labelledby": "told-title" }, title, none, list);
  node.update = () => {
    const ended = new Set(app.state.recent.filter((one) => one.outcome).map((one) => one.uuid));
    const earlier = app.earlier.filter((one) => !ended.has(one.uuid));
    const shown = [...app.state.recent.filter(worth), ...earlier].slice(0, MOST);
    say(title, t("happened"));
    say(none, t("nothing_happened"));
    show(none, !shown.length);
    keyed(list, shown, (one) => one.seq, () => el("li", null, el("time"), el("span")), (line, one) => {
      line.dataset.kind = one.outcome || one.action;
      say(line.firstChild, hour(one.at));
      say(line.lastChild, story(one));
    });
  };
  return node;
};
