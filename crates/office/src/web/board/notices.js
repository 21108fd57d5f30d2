// What the page tells the user: short notices that disappear, and lines for a screen reader.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { known, t } from "./words.js";

const SHOWN_MS = 5_000;
const READ_MS = 20_000;
const MOST = 4;

const put = (place, text, kind) => {
  const gone = () => node.remove();
  const node = el("div", { class: `notice ${kind}` }, el("span", null, text),
    el("button", { class: "bare", type: "button", "aria-label": t("close"), click: gone }, icon("close")));
  place.append(node);
  while (place.children.length > MOST) place.firstChild.remove();
  setTimeout(gone, kind === "bad" ? SHOWN_MS * 2 : SHOWN_MS);
};

export const notice = (text) => put(document.getElementById("notices"), text, "good");

/** What went wrong: in the user's language as far as the code says it, with the server's own words behind. */
export const sorry = (problem) => {
  if (problem.status === 401) return;
  const code = known(problem.code) ? problem.code : "failed";
  const detail = problem.message && problem.message !== problem.code ? ` (${problem.message})` : "";
  put(document.getElementById("alerts"), t(code) + detail, "bad");
};

/** Says it to a screen reader only. */
export const whisper = (text) => {
  const line = el("p", null, text);
  document.getElementById("live").append(line);
  setTimeout(() => line.remove(), READ_MS);
};
