// Questions, in the browser's own dialogs: these keep the focus inside, close with Escape and give the focus back.

import { el } from "./dom.js";
import { t } from "./words.js";

let count = 0;

/** A field of a question: `{ name, label, value, type, hint, list, choices, max }`. */
const field = ({ name, label, value = "", type = "text", hint, list = [], choices, max = 200 }) => {
  const id = `field${++count}`;
  const note = hint ? el("span", { class: "soft", id: `${id}h` }, hint) : null;
  const common = { id, name, "aria-describedby": note && `${id}h` };
  const options = (items) => items.map(([of, text]) => el("option", { value: of, selected: of === value }, text));
  const control = choices ? el("select", common, options(choices))
    : type === "area" ? el("textarea", { ...common, rows: 3, maxlength: max }, value)
    : el("input", { ...common, type, value, maxlength: max, list: list.length ? `${id}l` : null, autocomplete: "off", spellcheck: "false" });
  const known = list.length ? el("datalist", { id: `${id}l` }, list.map((of) => el("option", { value: of }))) : null;
  return el("p", { class: "field" }, el("label", { for: id }, label), control, note, known);
};

/**
 * Asks. The answer is an object with a value for each field, or `null` if the user does not want to. `parts` are shown between the
 * title and the buttons: fields, or whole elements.
 */
export const ask = ({ title, text, fields = [], parts = [], ok = t("ok"), danger = false }) =>
  new Promise((answer) => {
    const form = el("form", { method: "dialog" }, el("h2", { id: "asked" }, title), text && el("p", null, text), fields.map(field), parts,
      el("div", { class: "row end" },
        el("button", { type: "button", class: "quiet", click: () => box.close("") }, t("cancel")),
        el("button", { type: "submit", class: danger ? "danger" : "main", value: "ok" }, ok)));
    const box = el("dialog", { "aria-labelledby": "asked" }, form);
    box.addEventListener("close", () => {
      const wanted = box.returnValue === "ok";
      answer(wanted ? Object.fromEntries(new FormData(form)) : null);
      box.remove();
    });
    document.body.append(box);
    box.showModal();
    const first = form.querySelector("input, textarea, select");
    if (first) first.focus();
    // The safe answer has the focus where the other does harm.
    if (danger) form.querySelector(".quiet").focus();
  });

/** Shows something until it is closed. */
export const tell = (title, ...parts) => {
  const box = el("dialog", { "aria-labelledby": "told" }, el("h2", { id: "told" }, title), parts,
    el("div", { class: "row end" }, el("button", { type: "button", class: "main", click: () => box.close() }, t("close"))));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
};
