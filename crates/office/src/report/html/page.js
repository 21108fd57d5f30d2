
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

  // Text becomes a text node, whatever it contains.
  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    for (const child of children) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  const label = (x, y, text, anchor, kind) =>
    svg("text", { x, y, "text-anchor": anchor || "middle", class: kind || "" }, String(text));
  const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });
  const percent = (share) => (share >= 0.1 || share === 0 ? Math.round(share * 100) : (share * 100).toFixed(1)) + " %";
  const time = (ms) => {
    const s = ms / 1000;
    if (s < 90) return number(Math.round(s * 10) / 10) + " s";
    if (s < 5400) return number(Math.round(s / 6) / 10) + " min";
    return number(Math.round(s / 360) / 10) + " h";
  };

  // A round number of steps from 0 to at least the most.
  const scale = (most, count) => {
    const rough = Math.max(most, 1e-9) / count;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough);
    const steps = Math.max(1, Math.ceil(most / step - 1e-9));
    return Array.from({ length: steps + 1 }, (_, n) => n * step);
  };
  // The same for a time in ms, in steps that a clock has.
  const times = (most) => {
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
    const step = (steps.find((s) => most / 1000 / s <= 8) || 86400 * Math.ceil(most / 691200000)) * 1000;
    return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, n) => n * step);
  };

  const WIDTH = 760;
  const figure = (title, height, caption, ...marks) =>
    el("figure", null, el("h3", null, title),
      svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title + ". " + caption }, ...marks),
      el("figcaption", null, caption));

  // Hatching tells two areas apart without their colours.
  let patterns = 0;
  const hatched = (kind, flat) => {
    const id = "hatch" + ++patterns;
    const lines = flat ? { x1: 0, y1: 1, x2: 6, y2: 1 } : { x1: 1, y1: 0, x2: 1, y2: 6 };
    const pattern = svg("pattern",
      { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: flat ? "" : "rotate(45)" },
      svg("rect", { width: 6, height: 6, class: kind }), svg("line", { ...lines, class: "hatch" }));
    return [svg("defs", null, pattern), `url(#${id})`];
  };

  // What a plot with axes has around it: lines, and what they mean.
  const frame = (box, ys, yText, xs, xText) => {
    const marks = [];
    for (const y of ys) {
      const at = box.bottom - (box.bottom - box.top) * (y / ys[ys.length - 1]);
      marks.push(svg("line", { x1: box.left, x2: box.right, y1: at, y2: at, class: "grid" }));
      marks.push(label(box.left - 6, at + 4, yText(y), "end", "soft"));
    }
    xs.forEach((x, n) => {
      const at = box.left + (box.right - box.left) * (n / (xs.length - 1));
      const anchor = n === 0 ? "start" : n === xs.length - 1 ? "end" : "middle";
      marks.push(label(at, box.bottom + 16, xText(x), anchor, "soft"));
    });
    return marks;
  };

  const tiles = (...all) => el("div", { class: "tiles" },
    ...all.map(([value, what]) => el("div", { class: "tile" }, el("b", null, String(value)), el("span", null, what))));

  const table = (of) => {
    if (!of.rows.length) return null;
    const kind = (n) => (of.numbers[n] ? { class: "number" } : null);
    return el("div", null, el("h3", null, of.title), el("div", { class: "scroll" },
      el("table", null,
        el("thead", null, el("tr", null, ...of.columns.map((text, n) => el("th", kind(n), text)))),
        el("tbody", null, ...of.rows.map((row) =>
          el("tr", null, ...row.map((text, n) => el("td", kind(n), text))))))),
      of.more ? el("p", { class: "soft" }, `and ${number(of.more)} more`) : null);
  };

  const heat = (hours) => {
    const [left, top, width, height] = [40, 20, 29.5, 24];
    const most = Math.max(1, ...hours.flat());
    const marks = [];
    for (let hour = 0; hour < 24; hour++) marks.push(label(left + (hour + .5) * width, 13, hour, "middle", "soft"));
    hours.forEach((day, d) => {
      marks.push(label(left - 8, top + (d + .5) * height + 4, DAYS[d], "end", "soft"));
      day.forEach((count, hour) => {
        const [x, y, strength] = [left + hour * width, top + d * height, count / most];
        marks.push(svg("rect", { x: x + 1, y: y + 1, width: width - 2, height: height - 2, rx: 2, class: "one",
          "fill-opacity": count ? .08 + .92 * strength : .03 },
          svg("title", null, `${DAYS[d]} ${hour}:00: ${number(count)} calls`)));
        const text = count > 9949 ? Math.round(count / 1000) + "k" : count > 999 ? (count / 1000).toFixed(1) + "k" : count;
        if (count) marks.push(label(x + width / 2, y + height / 2 + 4, text, "middle", strength > .62 ? "inverse" : ""));
      });
    });
    return figure("When calls are parked", top + 7 * height + 4,
      "Parked calls by day of the week and hour. The stronger the colour of a cell, the more calls. 1.2k are 1,200.", ...marks);
  };

  const days = (of) => {
    const all = Object.entries(of);
    if (all.length < 2) return null;
    const box = { left: 50, right: WIDTH - 8, top: 8, bottom: 130 };
    const ys = scale(Math.max(...all.map(([, count]) => count)), 4);
    const width = (box.right - box.left) / all.length;
    const marks = frame(box, ys, number, [all[0][0], all[Math.floor((all.length - 1) / 2)][0], all[all.length - 1][0]], String);
    all.forEach(([day, count], n) => {
      const height = (box.bottom - box.top) * count / ys[ys.length - 1];
      marks.push(svg("rect", { x: box.left + n * width + width * .1, width: width * .8, y: box.bottom - height, height, class: "one" },
        svg("title", null, `${day}: ${number(count)} calls`)));
    });
    return figure("Parked calls by day", 152, "Days without a call are left out.", ...marks);
  };

  const curves = (waits) => {
    const box = { left: 50, right: WIDTH - 8, top: 12, bottom: 250 };
    const both = [["one", waits.came, "until somebody came"], ["two", waits.gave_up, "until the caller gave up"]];
    const longest = Math.max(1000, Math.min(waits.all.p99_ms || 1000,
      Math.max(...both.map(([, curve]) => curve.points[curve.points.length - 1].after_ms))));
    const xs = times(longest);
    const end = xs[xs.length - 1];
    const x = (ms) => box.left + (box.right - box.left) * Math.min(1, ms / end);
    const y = (share) => box.bottom - (box.bottom - box.top) * share;
    const marks = frame(box, [0, .25, .5, .75, 1], percent, xs, time);
    both.forEach(([kind, curve, what], n) => {
      let path = "";
      let at = null;
      for (const point of curve.points) {
        if (point.after_ms > end) break;
        path += at ? ` H${x(point.after_ms).toFixed(1)} V${y(point.waiting).toFixed(1)}`
          : `M${x(point.after_ms).toFixed(1)} ${y(point.waiting).toFixed(1)}`;
        at = point;
      }
      marks.push(svg("path", { d: path + ` H${x(end)}`, class: "line " + kind }));
      const [legend, row] = [box.right - 250, box.top + 10 + n * 18];
      marks.push(svg("line", { x1: legend, x2: legend + 34, y1: row - 4, y2: row - 4, class: "line " + kind }));
      const median = curve.median_ms === null ? "half: not reached" : "half: " + time(curve.median_ms);
      marks.push(label(legend + 42, row, `${what} (${median})`, "start"));
    });
    return figure("Still waiting after", 274, waits.explanation +
      " The axis ends where 99 of 100 calls have ended.", ...marks);
  };

  const histogram = (bars) => {
    const box = { left: 50, right: WIDTH - 8, top: 30, bottom: 220 };
    const kinds = [["came", "one", "somebody came"], ["gave_up", "two", "the caller gave up"], ["other", "three", "other"]];
    const ys = scale(Math.max(1, ...bars.map((bar) => bar.came + bar.gave_up + bar.other)), 5);
    const width = (box.right - box.left) / bars.length;
    const marks = frame(box, ys, number, [], String);
    const paints = kinds.map(([, kind], n) => {
      if (n === 0) return null;
      const [defs, paint] = hatched(kind, n === 2);
      marks.push(defs);
      return paint;
    });
    const block = (attributes, n, ...children) => {
      const rect = svg("rect", { ...attributes, class: n ? "" : kinds[n][1] }, ...children);
      if (n) rect.setAttribute("fill", paints[n]);
      return rect;
    };
    const edge = (s) => (s < 60 ? s : s < 3600 ? s / 60 + "m" : s / 3600 + "h");
    bars.forEach((bar, b) => {
      let top = box.bottom;
      kinds.forEach(([key, , what], n) => {
        const height = (box.bottom - box.top) * bar[key] / ys[ys.length - 1];
        if (!height) return;
        top -= height;
        marks.push(block({ x: box.left + b * width + 2, y: top, width: width - 4, height }, n,
          svg("title", null, `${bar.from_s} s to ${bar.to_s === null ? "…" : bar.to_s + " s"}, ${what}: ${number(bar[key])} calls`)));
      });
      marks.push(label(box.left + b * width, box.bottom + 16, edge(bar.from_s), "middle", "soft"));
    });
    kinds.forEach(([, , what], n) => {
      const x = box.left + n * 170;
      marks.push(block({ x, y: 4, width: 14, height: 14 }, n));
      marks.push(label(x + 20, 16, what, "start"));
    });
    return figure("How long calls waited", 242, "Calls by how long they waited until they ended, in seconds, from 60 s on in minutes (m). The bars stand for different lengths of time.", ...marks);
  };

  const course = (lot, ticks) => {
    const box = { left: 50, right: WIDTH - 8, top: 10, bottom: 130 };
    const most = lot.busiest ? lot.busiest.parked : 0;
    // A limit far above what happens would hide it.
    const near = lot.capacity !== null && lot.capacity <= most * 4;
    const ys = scale(Math.max(1, most, near ? lot.capacity : 0), 4).filter((y) => Number.isInteger(y));
    if (ys.length < 2) ys.push(1);
    const y = (count) => box.bottom - (box.bottom - box.top) * count / ys[ys.length - 1];
    const width = (box.right - box.left) / lot.course.length;
    let path = `M${box.left} ${box.bottom}`;
    lot.course.forEach((count, n) => {
      path += ` V${y(count).toFixed(1)} H${(box.left + (n + 1) * width).toFixed(1)}`;
    });
    const marks = frame(box, ys, number, ticks, (text) => text.slice(5, 16));
    marks.push(svg("path", { d: path + ` V${box.bottom} Z`, class: "one", "fill-opacity": .75 }));
    if (near) {
      marks.push(svg("line", { x1: box.left, x2: box.right, y1: y(lot.capacity), y2: y(lot.capacity), class: "limit" }));
      marks.push(label(box.right, y(lot.capacity) + 13, `${lot.capacity} orbits`, "end"));
    }
    const refused = Object.values(lot.refused).reduce((sum, count) => sum + count, 0);
    return figure(`Lot ${lot.lot}: calls parked at one time`, 152,
      `The most in each of ${lot.course.length} equal parts of the period. Refused: ${number(refused)}.` +
      (lot.capacity === null ? "" : ` The lot has ${number(lot.capacity)} orbits.`), ...marks);
  };

  const orbits = (lot, length) => {
    const shown = [...lot.orbits].slice(0, 60);
    if (!shown.length) return null;
    const box = { left: 50, right: WIDTH - 8, top: 8, bottom: 120 };
    const most = Math.max(...shown.map((orbit) => orbit.taken_ms / length));
    const ys = scale(most, 4);
    const width = (box.right - box.left) / Math.max(shown.length, 8);
    const marks = frame(box, ys, percent, [], String);
    shown.forEach((orbit, n) => {
      const height = (box.bottom - box.top) * (orbit.taken_ms / length) / ys[ys.length - 1];
      const x = box.left + n * width;
      marks.push(svg("rect", { x: x + width * .1, y: box.bottom - height, width: width * .8, height, class: "one" },
        svg("title", null, `${orbit.orbit}: ${number(orbit.parks)} calls, taken for ${time(orbit.taken_ms)}`)));
      const every = Math.ceil(34 / width);
      if (n % every === 0) marks.push(label(x + width / 2, box.bottom + 16, orbit.orbit, "middle", "soft"));
    });
    const left = lot.orbits.length - shown.length;
    return figure(`Lot ${lot.lot}: how much each orbit is taken`, 142,
      "Share of the period in which a call was in the orbit." + (left ? ` The first 60 of ${lot.orbits.length}.` : ""), ...marks);
  };

  const TITLES = { usage: "Usage", waits: "Waits", timeouts: "Timeouts and return steps", people: "People", lots: "Lots and orbits" };
  // The tables that a plot or the tiles above already show.
  const SHOWN = { usage: [0], waits: [2], timeouts: [1], lots: [2] };
  const DRAW = {
    usage: ({ data }) => [
      tiles([number(data.parks), "parked"], [number(data.outcomes.retrieved || 0), "retrieved"],
        [number(data.outcomes.returned || 0), "returned"], [number(data.outcomes.abandoned || 0), "abandoned"],
        [number(data.refused), "refused"], [number(data.repeat_callers), "repeat callers"]),
      heat(data.hours), days(data.days)],
    waits: ({ data }) => [
      tiles([time(data.all.median_ms), "median wait"], [time(data.all.p90_ms), "9 of 10 waited no longer"],
        [time(data.all.p99_ms), "99 of 100 waited no longer"], [number(data.came.events), "somebody came"],
        [number(data.gave_up.events), "the caller gave up"]),
      curves(data), histogram(data.histogram)],
    timeouts: ({ data }) => [
      tiles([number(data.parks), "parked"], [number(data.reached), "reached a return step"], [number(data.returned), "returned"],
        [number(data.retrieved), "retrieved after all"], [number(data.gave_up), "caller gave up"])],
    people: () => [],
    lots: (part) => [
      tiles([part.data.busiest ? number(part.data.busiest.parked) : "0", "most at one time"],
        [part.busiest || "-", "busiest moment"], [number(part.data.lots.length), "lots"]),
      ...part.data.lots.slice(0, 20).flatMap((lot) => [
        course(lot, part.ticks),
        orbits(lot, Math.max(1, part.length))])],
  };

  main.append(el("h1", null, page.title), el("p", { class: "soft" }, `made ${page.made}`));
  for (const part of page.reports) {
    const body = (DRAW[part.kind] || (() => []))(part).filter(Boolean);
    const shown = SHOWN[part.kind] || [];
    const tables = part.tables.filter((_, n) => !shown.includes(n)).map(table).filter(Boolean);
    main.append(el("section", null, el("h2", null, TITLES[part.kind] || part.kind), el("p", { class: "soft" }, part.period),
      ...body, el("div", { class: "tables" }, ...tables)));
  }
  document.documentElement.dataset.drawn = "true";
})();
