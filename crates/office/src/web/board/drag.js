// Moving a call by drag and drop, with a mouse, a finger or a pen. With keys, M does the same.

import { giveTo, moveTo, who } from "./actions.js";
import { me } from "./api.js";
import { app, domain, may } from "./app.js";
import { el, set } from "./dom.js";
import { person, t } from "./words.js";

const SLACK_PX = 6;
const EDGE_PX = 70;
const MOST_PEOPLE = 12;

/** Lets the cards below `root` be dragged. */
export const draggable = (root) => {
  let drag = null;

  root.addEventListener("pointerdown", (event) => {
    const card = event.target.closest(".card");
    if (!card || event.button !== 0 || app.wall || event.target.closest("button")) return;
    // A finger scrolls, except at the handle.
    if (event.pointerType !== "mouse" && !event.target.closest(".grip")) return;
    const { call } = card;
    if (!may("admin", call.lot)) return;
    drag = { call, card, id: event.pointerId, x: event.clientX, y: event.clientY, ghost: null, target: null };
  });

  const begin = () => {
    drag.ghost = el("div", { class: "ghost", "aria-hidden": "true" }, el("b", null, drag.call.orbit), ` ${who(drag.call)}`);
    const people = [...new Set([me.user, ...app.people].filter(Boolean))].slice(0, MOST_PEOPLE);
    drag.tray = el("div", { class: "tray" }, el("span", { class: "soft" }, t("people_tray")),
      people.map((user) => el("span", { class: "chip", "data-drop": "person", "data-user": user }, person(user, domain()))));
    document.body.append(drag.ghost, people.length ? drag.tray : "");
    document.body.classList.add("dragging");
    drag.card.classList.add("dragged");
    document.getSelection().removeAllRanges();
  };

  const end = () => {
    if (!drag) return;
    if (drag.ghost) {
      drag.ghost.remove();
      drag.tray.remove();
      document.body.classList.remove("dragging");
      drag.card.classList.remove("dragged");
      if (drag.target) drag.target.classList.remove("over");
    }
    drag = null;
  };

  const over = (event) => {
    const place = document.elementFromPoint(event.clientX, event.clientY);
    const target = place && place.closest("[data-drop]");
    if (target === drag.target) return;
    if (drag.target) drag.target.classList.remove("over");
    drag.target = target;
    if (target) target.classList.add("over");
  };

  window.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    if (!drag.ghost) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < SLACK_PX) return;
      begin();
    }
    event.preventDefault();
    drag.ghost.style.transform = `translate(${event.clientX + 8}px, ${event.clientY + 8}px)`;
    over(event);
    if (event.clientY < EDGE_PX) window.scrollBy(0, -14);
    if (event.clientY > window.innerHeight - EDGE_PX) window.scrollBy(0, 14);
  });

  window.addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const { call, target } = drag;
    end();
    if (!target) return;
    const { drop, lot, orbit, user } = target.dataset;
    if (drop === "person") giveTo(call, user);
    else if (lot !== call.lot || drop === "orbit") moveTo(call, lot, orbit);
  });
  window.addEventListener("pointercancel", end);
  window.addEventListener("keydown", (event) => {
    if (drag && drag.ghost && event.key === "Escape") {
      event.stopImmediatePropagation();
      end();
    }
  }, true);
  // A drag is no selection of text.
  root.addEventListener("selectstart", (event) => {
    if (drag) event.preventDefault();
  });
  set(root, "data-draggable", true);
};
