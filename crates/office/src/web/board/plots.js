// Plots as SVG. Each is a figure with a title and a caption, so that nothing depends on colours.

import { el, svg } from "./dom.js";
import { length, number, percent, t, weekday } from "./words.js";

const WIDTH = 760;

const label = (x, y, text, anchor, kind) => svg("text", { x, y, "text-anchor": anchor || "middle", class: kind || "" }, String(text));

// A round number of steps from 0 to at least the most.
const scale = (most, count) => {
  const rough = Math.max(most, 1e-9) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough);
  return Array.from({ length: Math.max(1, Math.ceil(most / step - 1e-9)) + 1 }, (_, n) => n * step);
};

// The same for calls, of which there are no halves.
const whole = (most, count) => {
  const steps = scale(most, count).filter((n) => Number.isInteger(n));
  return steps.length < 2 ? [0, 1] : steps;
};

// The same for a time in ms, in steps that a clock has.
const times = (most) => {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = (steps.find((s) => most / 1000 / s <= 8) || 86400 * Math.ceil(most / 691200000)) * 1000;
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, n) => n * step);
};

const figure = (title, height, caption, ...marks) =>
  el("figure", null, el("h3", null, title),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title },
      svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${title}. ${caption}` }, marks)),
    el("figcaption", null, caption));

// Hatching tells two areas apart without their colours.
let patterns = 0;
const hatched = (kind, flat) => {
  const id = `hatch${++patterns}`;
  const lines = flat ? { x1: 0, y1: 1, x2: 6, y2: 1 } : { x1: 1, y1: 0, x2: 1, y2: 6 };
  const pattern = svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: flat ? "" : "rotate(45)" },
    svg("rect", { width: 6, height: 6, class: kind }), svg("line", { ...lines, class: "hatch" }));
  return [svg("defs", null, pattern), `url(#${id})`];
};

// What a plot with axes has around it.
const frame = (box, ys, yText, xs, xText) => {
  const marks = [];
  for (const y of ys) {
    const at = box.bottom - (box.bottom - box.top) * (y / ys[ys.length - 1]);
    marks.push(svg("line", { x1: box.left, x2: box.right, y1: at, y2: at, class: "grid" }), label(box.left - 6, at + 4, yText(y), "end", "soft"));
  }
  xs.forEach((x, n) => {
    const at = box.left + (box.right - box.left) * (xs.length > 1 ? n / (xs.length - 1) : 0);
    marks.push(label(at, box.bottom + 16, xText(x), n === 0 ? "start" : n === xs.length - 1 ? "end" : "middle", "soft"));
  });
  return marks;
};

/** Calls by day of the week and hour. */
export const heat = (hours) => {
  const [left, top, width, height] = [40, 20, 29.5, 26];
  const most = Math.max(1, ...hours.flat());
  const marks = [];
  for (let hour = 0; hour < 24; hour++) marks.push(label(left + (hour + 0.5) * width, 13, hour, "middle", "soft"));
  hours.forEach((day, d) => {
    marks.push(label(left - 8, top + (d + 0.5) * height + 4, weekday(d), "end", "soft"));
    day.forEach((count, hour) => {
      const [x, y, strength] = [left + hour * width, top + d * height, count / most];
      marks.push(svg("rect", { x: x + 1, y: y + 1, width: width - 2, height: height - 2, rx: 3, class: "heat", "fill-opacity": count ? 0.08 + 0.72 * strength : 0.04 },
        svg("title", null, `${weekday(d)} ${hour}:00: ${t("calls", { n: count })}`)));
      const text = count > 9949 ? Math.round(count / 1000) + "k" : count > 999 ? (count / 1000).toFixed(1) + "k" : count;
      if (count) marks.push(label(x + width / 2, y + height / 2 + 4, text));
    });
  });
  return figure(t("heat"), top + 7 * height + 4, t("heat_more"), marks);
};

/** Calls by day. */
export const days = (of) => {
  const all = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  if (all.length < 2) return null;
  const box = { left: 50, right: WIDTH - 8, top: 8, bottom: 130 };
  const ys = whole(Math.max(...all.map(([, count]) => count)), 4);
  const width = (box.right - box.left) / all.length;
  const marks = frame(box, ys, number, [all[0][0], all[Math.floor((all.length - 1) / 2)][0], all[all.length - 1][0]], String);
  all.forEach(([day, count], n) => {
    const height = (box.bottom - box.top) * count / ys[ys.length - 1];
    marks.push(svg("rect", { x: box.left + n * width + width * 0.1, width: width * 0.8, y: box.bottom - height, height, rx: 2, class: "one" },
      svg("title", null, `${day}: ${t("calls", { n: count })}`)));
  });
  return figure(t("days"), 152, t("days_more"), marks);
};

/** How many still wait after a time. */
export const curves = (waits) => {
  const box = { left: 50, right: WIDTH - 8, top: 12, bottom: 250 };
  const both = [["one", waits.came, "r_came"], ["two", waits.gave_up, "r_gave_up"]];
  const ends = both.map(([, curve]) => (curve.points.length ? curve.points[curve.points.length - 1].after_ms : 0));
  const xs = times(Math.max(1000, Math.min(waits.all.p99_ms || 1000, Math.max(...ends))));
  const end = xs[xs.length - 1];
  const x = (ms) => box.left + (box.right - box.left) * Math.min(1, ms / end);
  const y = (part) => box.bottom - (box.bottom - box.top) * part;
  const marks = frame(box, [0, 0.25, 0.5, 0.75, 1], percent, xs, length);
  both.forEach(([kind, curve, what], n) => {
    let path = `M${box.left} ${y(1)}`;
    for (const point of curve.points) {
      if (point.after_ms > end) break;
      path += ` H${x(point.after_ms).toFixed(1)} V${y(point.waiting).toFixed(1)}`;
    }
    marks.push(svg("path", { d: `${path} H${x(end)}`, class: `line ${kind}` }));
    const [legend, row] = [box.right - 270, box.top + 10 + n * 18];
    const median = curve.median_ms === null ? t("half_not") : t("half", { time: length(curve.median_ms) });
    marks.push(svg("line", { x1: legend, x2: legend + 34, y1: row - 4, y2: row - 4, class: `line ${kind}` }), label(legend + 42, row, `${t(what)} (${median})`, "start"));
  });
  return figure(t("curves"), 274, t("curves_more"), marks);
};

/** Bars of several parts, the second and third hatched. `bars`: `{ text, parts: [count, …] }`; `kinds`: what each part means. */
const stacked = (title, caption, bars, kinds, edges) => {
  const box = { left: 50, right: WIDTH - 8, top: 30, bottom: 220 };
  const ys = whole(Math.max(1, ...bars.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0))), 5);
  const width = (box.right - box.left) / bars.length;
  const marks = frame(box, ys, number, [], String);
  const names = ["one", "two", "three"];
  const paints = kinds.map((_, n) => {
    if (n === 0) return null;
    const [defs, paint] = hatched(names[n], n === 2);
    marks.push(defs);
    return paint;
  });
  const block = (n, attributes, ...children) => svg("rect", { ...attributes, class: n ? null : names[0], fill: paints[n] }, children);
  bars.forEach(({ text, parts, about }, b) => {
    let top = box.bottom;
    parts.forEach((count, n) => {
      const height = (box.bottom - box.top) * count / ys[ys.length - 1];
      if (!height) return;
      top -= height;
      marks.push(block(n, { x: box.left + b * width + 2, y: top, width: Math.max(1, width - 4), height },
        svg("title", null, `${about || text}, ${kinds[n]}: ${t("calls", { n: count })}`)));
    });
    marks.push(label(box.left + (b + (edges ? 0 : 0.5)) * width, box.bottom + 16, text, "middle", "soft"));
  });
  kinds.forEach((what, n) => marks.push(block(n, { x: box.left + n * 190, y: 4, width: 14, height: 14 }), label(box.left + n * 190 + 20, 16, what, "start")));
  return figure(title, 242, caption, marks);
};

/** Calls by how long they waited. */
export const histogram = (bars) => {
  const edge = (s) => (s < 60 ? s : s < 3600 ? `${s / 60}m` : `${s / 3600}h`);
  const shown = bars.map((bar) => ({
    text: edge(bar.from_s), about: `${bar.from_s} s – ${bar.to_s === null ? "…" : `${bar.to_s} s`}`, parts: [bar.came, bar.gave_up, bar.other],
  }));
  return stacked(t("histogram"), t("histogram_more"), shown, [t("r_came"), t("r_gave_up"), t("r_other")], true);
};

/** What each return step did. */
export const steps = (all) => {
  const shown = all.slice(0, 10).map((step) => ({
    text: step.to.length > 14 ? `${step.to.slice(0, 13)}…` : step.to, about: step.to, parts: [step.took, Math.max(0, step.tried - step.took), step.skipped],
  }));
  return shown.length ? stacked(t("steps"), t("steps_more"), shown, [t("s_took"), t("s_failed"), t("s_skipped")], false) : null;
};

/** How many were parked at one time, in equal parts of the period. */
export const course = (lot, ticks) => {
  const box = { left: 50, right: WIDTH - 8, top: 10, bottom: 130 };
  const most = lot.busiest ? lot.busiest.parked : 0;
  // A limit far above what happens would hide it.
  const near = lot.capacity !== null && lot.capacity <= most * 4;
  const ys = whole(Math.max(1, most, near ? lot.capacity : 0), 4);
  const y = (count) => box.bottom - (box.bottom - box.top) * count / ys[ys.length - 1];
  const width = (box.right - box.left) / Math.max(1, lot.course.length);
  let path = `M${box.left} ${box.bottom}`;
  lot.course.forEach((count, n) => {
    path += ` V${y(count).toFixed(1)} H${(box.left + (n + 1) * width).toFixed(1)}`;
  });
  const marks = frame(box, ys, number, ticks, String);
  marks.push(svg("path", { d: `${path} V${box.bottom} Z`, class: "one", "fill-opacity": 0.75 }));
  if (near) {
    marks.push(svg("line", { x1: box.left, x2: box.right, y1: y(lot.capacity), y2: y(lot.capacity), class: "limit" }),
      label(box.right, y(lot.capacity) + 13, t("orbits_n", { n: lot.capacity }), "end"));
  }
  const refused = Object.values(lot.refused).reduce((sum, count) => sum + count, 0);
  return figure(t("course", { lot: lot.lot }), 152, t("course_more", { refused: number(refused) }), marks);
};

/** How much each orbit is taken. */
export const use = (lot, period) => {
  const shown = lot.orbits.slice(0, 60);
  if (!shown.length) return null;
  const box = { left: 50, right: WIDTH - 8, top: 8, bottom: 120 };
  const ys = scale(Math.max(...shown.map((orbit) => orbit.taken_ms / period)), 4);
  const width = (box.right - box.left) / Math.max(shown.length, 8);
  const marks = frame(box, ys, percent, [], String);
  shown.forEach((orbit, n) => {
    const height = (box.bottom - box.top) * (orbit.taken_ms / period) / ys[ys.length - 1];
    const x = box.left + n * width;
    marks.push(svg("rect", { x: x + width * 0.1, y: box.bottom - height, width: width * 0.8, height, rx: 2, class: "one" },
      svg("title", null, `${orbit.orbit}: ${t("calls", { n: orbit.parks })}, ${length(orbit.taken_ms)}`)));
    if (n % Math.ceil(38 / width) === 0) marks.push(label(x + width / 2, box.bottom + 16, orbit.orbit, "middle", "soft"));
  });
  return figure(t("use", { lot: lot.lot }), 142, t("use_more"), marks);
};

/** How many waited in each part of a day, as the ground of the time slider. */
export const ground = (counts) => {
  const height = 64;
  const most = Math.max(1, ...counts);
  const width = WIDTH / counts.length;
  const bars = counts.map((count, n) => {
    const tall = (height - 2) * count / most;
    return count ? svg("rect", { x: (n * width).toFixed(2), y: (height - tall).toFixed(2), width: width.toFixed(2), height: tall.toFixed(2), class: "one" }) : null;
  });
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": t("then_plot"), class: "ground" }, bars);
};
