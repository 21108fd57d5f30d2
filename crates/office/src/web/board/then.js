// The time slider: who waited where at a moment.

import { get } from "./api.js";
import { domain, now } from "./app.js";
import { el, say, set, show } from "./dom.js";
import { sorry } from "./notices.js";
import { ground } from "./plots.js";
import { course } from "./state.js";
import { clock, hour, length, person, t } from "./words.js";

const DAY_MINUTES = 24 * 60;
const PAUSE_MS = 150;
const PAGE = 1000;
/** A day with more calls than this is drawn without the earliest. */
const MOST_PAGES = 5;
/** Five minutes each. */
const PARTS = 288;

const two = (n) => String(n).padStart(2, "0");
const dated = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** The page. */
export const then = () => {
  const today = new Date(now());
  const day = el("input", { type: "date", id: "then-day", value: dated(today), max: dated(today), change: () => dayChosen() });
  const slider = el("input", { type: "range", id: "then-time", min: 0, max: DAY_MINUTES - 1, step: 1, input: () => chosen() });
  const at = el("output", { class: "moment", for: "then-time" });
  const count = el("p", { class: "soft", role: "status" });
  const list = el("ul", { class: "cards", role: "list" });
  const plot = el("div", { class: "plot" });
  const by = (minutes) => () => {
    slider.value = Number(slider.value) + minutes;
    chosen();
  };
  const scaleOf = el("div", { class: "hours", "aria-hidden": "true" }, [0, 6, 12, 18, 24].map((h) => el("span", null, `${two(h)}:00`)));
  const page = el("div", { class: "page then" }, el("h2", null, t("then_title")),
    el("div", { class: "toolbar" }, el("p", { class: "field inline" }, el("label", { for: "then-day" }, t("then_day")), day),
      el("div", { class: "row" }, el("button", { type: "button", class: "quiet", "aria-label": t("then_earlier"), title: t("then_earlier"), click: by(-1) }, "◂"), at,
        el("button", { type: "button", class: "quiet", "aria-label": t("then_later"), title: t("then_later"), click: by(1) }, "▸"),
        el("button", { type: "button", class: "quiet", click: () => goNow() }, t("then_now")))),
    el("div", { class: "slide" }, plot, el("label", { for: "then-time", class: "unseen" }, t("then_time")), slider, scaleOf), count, list);
  let timer = 0;
  let asked = 0;

  /** Midnight of the day, on the user's calendar. */
  const start = () => new Date(`${day.value}T00:00`).getTime();
  const time = () => {
    const date = new Date(`${day.value}T00:00`);
    // A day with a change of the clock has hours that the slider's minutes leave out or repeat.
    date.setMinutes(Number(slider.value));
    return date.getTime();
  };

  const chosen = () => {
    const text = hour(time());
    say(at, text);
    set(slider, "aria-valuetext", text);
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE_MS);
  };
  const load = async () => {
    const mine = ++asked;
    const moment = time();
    try {
      const answer = await get("/v1/at", { time: moment });
      if (mine !== asked) return;
      const calls = answer.calls || [];
      say(count, calls.length ? t("then_count", { n: calls.length, time: hour(moment) }) : t("then_none", { time: hour(moment) }));
      list.replaceChildren(...calls.map(card));
      show(list, calls.length);
    } catch (problem) {
      if (mine === asked) sorry(problem);
    }
  };
  const draw = async () => {
    const from = start();
    const to = from + DAY_MINUTES * 60_000;
    const wanted = day.value;
    const calls = [];
    let before = null;
    try {
      for (let n = 0; n < MOST_PAGES; n++) {
        const answer = await get("/v1/history", { from: wanted, to: wanted, limit: PAGE, before });
        calls.push(...answer.calls);
        before = answer.next;
        if (!before) break;
      }
    } catch {
      // The slider works without its ground.
    }
    if (wanted === day.value) plot.replaceChildren(ground(course(calls, from, to, PARTS).map((count, n) => (from + n * (to - from) / PARTS < now() ? count : 0))));
  };
  const dayChosen = () => {
    if (!day.value) day.value = dated(new Date(now()));
    draw();
    chosen();
  };
  const goNow = () => {
    const date = new Date(now());
    day.value = dated(date);
    slider.value = date.getHours() * 60 + date.getMinutes();
    dayChosen();
  };
  goNow();
  page.update = () => {};
  return page;
};

const card = (call) => {
  const at = domain();
  const facts = [call.parker && t("parked_by", { who: person(call.parker, at) }), call.for && t("for_whom", { who: person(call.for, at) }), call.then.lot];
  const end = call.outcome ? t("then_ended", { outcome: t(`o_${call.outcome}`), time: length(call.wait_ms || 0) }) : t("o_waiting");
  return el("li", { class: "card past", tabindex: null },
    el("div", { class: "head" }, el("b", { class: "orbit" }, call.then.orbit), el("span", { class: "space" }), el("span", { class: "waited" }, clock(call.waited_ms))),
    el("div", { class: "caller" }, el("b", { class: "name", dir: "auto" }, call.caller_id_name || call.caller_id_number || t("unknown")),
      el("span", { class: "number" }, call.caller_id_name ? call.caller_id_number : "")),
    el("p", { class: "facts" }, facts.filter(Boolean).join(" · ")), el("p", { class: "next" }, end));
};
