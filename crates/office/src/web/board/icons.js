// Icons, drawn on a grid of 24 by 24 with a pen of 2.

import { svg } from "./dom.js";

const PATHS = {
  take: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1z",
  announce: "M4 10v4h3l6 4V6L7 10zM17 9a4 4 0 0 1 0 6M19.5 6.5a8 8 0 0 1 0 11",
  move: "M4 8h13l-4-4M20 16H7l4 4",
  note: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  priority: "M6 21V4M6 4h12l-3 4 3 4H6",
  back: "M9 6L4 11l5 5M4 11h10a5 5 0 0 1 0 10h-3",
  drop: "M3 15c5-5 13-5 18 0l-3 3-4-2v-3a9 9 0 0 0-4 0v3l-4 2zM12 3v5M9.5 5.5L12 8l2.5-2.5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  park: "M6 3h12a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM10 17V7h3a3 3 0 0 1 0 6h-3",
  sound: "M4 10v4h3l5 4V6L7 10zM16 9a4 4 0 0 1 0 6",
  mute: "M4 10v4h3l5 4V6L7 10zM16 9.5l5 5M21 9.5l-5 5",
  help: "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2M12 17.5h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  wall: "M3 4h18v12H3zM8 20h8M12 16v4",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
  close: "M6 6l12 12M18 6L6 18",
  out: "M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M10 8l-4 4 4 4M6 12h9",
  board: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  history: "M4 5h16M4 12h16M4 19h10",
  reports: "M5 20V11M12 20V4M19 20v-6",
  then: "M12 4a8 8 0 1 0 8 8M12 8v4l3 2M20 4v4h-4",
};

/** Decoration: what it means is beside it as a text or in a label. */
export const icon = (name) =>
  svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, svg("path", { d: PATHS[name] }));

// Ageing by shape, for those who do not tell the colours apart: a ring that empties, a triangle, an octagon, an arrow back.
const AGES = {
  calm: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
  soon: "M12 3L22 20H2z",
  late: "M8 2h8l6 6v8l-6 6H8l-6-6V8z",
  returning: "M10 4L3 11l7 7v-5h4a4 4 0 0 1 4 4v3h3v-4a6 6 0 0 0-6-6h-5z",
  connecting: "M5 3h5l2 6-3 2a11 11 0 0 0 4 4l2-3 6 2v5a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2z",
};

/** The shape of an age, which `reshape` changes. */
export const shape = () => svg("svg", { viewBox: "0 0 24 24", class: "shape", "aria-hidden": "true" }, svg("path", { d: AGES.calm }));

export const reshape = (node, age) => {
  const path = node.firstChild;
  if (path.getAttribute("d") !== AGES[age]) path.setAttribute("d", AGES[age]);
};
