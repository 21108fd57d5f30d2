// Reports on a period, with their plots and tables.

import { get, table as fetched } from "./api.js";
import { domain } from "./app.js";
import { el, say, set } from "./dom.js";
import { sorry } from "./notices.js";
import { course, curves, days, heat, histogram, steps, use } from "./plots.js";
import { date, hour, length, moment, number, person, t } from "./words.js";

const KINDS = { usage: "usage", waits: "waits_report", timeouts: "timeouts", people: "people", lots: "lots" };
const PERIODS = { today: "today", "-7d": "days7", "-30d": "days30", "-90d": "days90" };
const MOST_LOTS = 20;
const DAY_MS = 86_400_000;

const tiles = (...all) => el("dl", { class: "figures" }, all.map(([value, what]) => el("div", null, el("dt", null, what), el("dd", null, String(value)))));

/** A table: `columns` are words; a cell is a text, or a number, which stands on the right. */
const table = (title, columns, rows) => rows.length && el("figure", null, el("h3", null, title),
  el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, el("table", { class: "numbers" },
    el("thead", null, el("tr", null, columns.map((name) => el("th", { scope: "col" }, t(name))))),
    el("tbody", null, rows.map((row) => el("tr", null, row.map((cell, n) => el(n ? "td" : "th", n ? { class: "number" } : { scope: "row", dir: "auto" },
      typeof cell === "number" ? number(cell) : cell))))))));

const median = (wait) => (wait && wait.calls ? length(wait.median_ms) : "–");

const DRAW = {
  usage: (data) => [
    tiles([number(data.parks), t("r_parked")], [number(data.outcomes.retrieved || 0), t("r_retrieved")], [number(data.outcomes.returned || 0), t("r_returned")],
      [number(data.outcomes.abandoned || 0), t("r_abandoned")], [number(data.refused), t("r_refused")], [number(data.repeat_callers), t("r_repeat")]),
    heat(data.hours), days(data.days),
    table(t("r_repeat"), ["caller", "parked_n"], data.repeated.map((one) => [one.caller, one.calls])),
  ],
  waits: (data) => [
    tiles([length(data.all.median_ms), t("r_median")], [length(data.all.p90_ms), t("r_p90")], [length(data.all.p99_ms), t("r_p99")],
      [number(data.came.events), t("r_came")], [number(data.gave_up.events), t("r_gave_up")]),
    curves(data), histogram(data.histogram),
  ],
  timeouts: (data) => [
    tiles([number(data.parks), t("r_parked")], [number(data.reached), t("r_reached")], [number(data.returned), t("r_returned")],
      [number(data.retrieved), t("r_after_all")], [number(data.gave_up), t("r_gave_up")]),
    steps(data.steps),
    table(t("steps"), ["step", "tried", "answered", "took", "step_failed", "skipped"],
      data.steps.map((step) => [person(step.to, domain()), step.tried, step.answered, step.took, step.failed, step.skipped])),
  ],
  people: (data) => [
    table(t("retrievers"), ["person", "taken_n", "given_back", "median"],
      data.retrievers.map((one) => [person(one.user, domain()) || "–", one.retrieved, one.given_back, median(one.wait)])),
    table(t("parkers"), ["person", "parked_n", "r_retrieved", "r_returned", "r_gave_up", "median"],
      data.parkers.map((one) => [person(one.user, domain()) || "–", one.parked, one.retrieved, one.returned, one.gave_up, median(one.wait)])),
  ],
  lots: (data) => [
    tiles([data.busiest ? number(data.busiest.parked) : "0", t("r_most")], [data.busiest ? moment(data.busiest.at_ms) : "–", t("r_busiest")], [number(data.lots.length), t("r_lots")]),
    ...data.lots.slice(0, MOST_LOTS).flatMap((lot) => {
      const { from_ms: from, to_ms: to } = data.scope;
      const tick = to - from > 2 * DAY_MS ? date : hour;
      const ticks = [0, 1, 2, 3, 4].map((n) => tick(from + (to - from) * n / 4));
      return [course(lot, ticks), use(lot, Math.max(1, to - from))];
    }),
  ],
};

const nothing = (data) => (data.parks !== undefined ? data.parks === 0 : data.all ? data.all.calls === 0 : data.lots ? !data.lots.length : !data.parkers.length && !data.retrievers.length);

/** The page. */
export const reports = () => {
  let kind = "usage";
  const tabs = Object.entries(KINDS).map(([name, word]) => el("button", { type: "button", "data-kind": name, click: () => {
    kind = name;
    load();
  } }, t(word)));
  const period = el("select", { id: "period", change: () => load() }, Object.entries(PERIODS).map(([from, word]) => el("option", { value: from, selected: from === "-7d" }, t(word))));
  const body = el("div", { class: "report", role: "region", "aria-live": "polite" });
  const foot = el("span", { class: "soft" });
  const save = el("button", { type: "button", class: "quiet", click: async () => {
    try {
      const text = await fetched(`/v1/reports/${kind}`, { from: period.value });
      const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      el("a", { href: address, download: `callpark-${kind}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (problem) {
      sorry(problem);
    }
  } }, t("csv"));
  const page = el("div", { class: "page" }, el("h2", null, t("reports")),
    el("div", { class: "toolbar" }, el("div", { class: "choice", role: "group", "aria-label": t("reports") }, tabs), el("label", { for: "period", class: "unseen" }, t("period")), period), body, el("div", { class: "row foot" }, foot, save));
  let asked = 0;

  const load = async () => {
    const mine = ++asked;
    for (const tab of tabs) set(tab, "aria-pressed", String(tab.dataset.kind === kind));
    set(body, "aria-label", t(KINDS[kind]));
    set(body, "aria-busy", "true");
    try {
      const data = await get(`/v1/reports/${kind}`, { from: period.value });
      if (mine !== asked) return;
      body.replaceChildren(...(nothing(data) ? [el("p", { class: "empty" }, t("no_data"))] : DRAW[kind](data)).filter(Boolean));
      say(foot, `${moment(data.scope.from_ms)} – ${moment(data.scope.to_ms)} · ${t("zone", { zone: data.scope.zone })}`);
    } catch (problem) {
      if (mine === asked) sorry(problem);
    }
    set(body, "aria-busy", null);
  };
  load();
  page.update = () => {};
  return page;
};
