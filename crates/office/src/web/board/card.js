// A call as a card. A card stays the same element for as long as its call is parked.

import { ACTIONS, who } from "./actions.js";
import { get, me } from "./api.js";
import { app, domain, mine, now } from "./app.js";
import { el, keyed, say, set, show } from "./dom.js";
import { icon, reshape, shape } from "./icons.js";
import { age, left, share, waited } from "./state.js";
import { clock, happens, person, t } from "./words.js";

const ICONS = { up: "priority", down: "priority" };

let count = 0;

const button = (action, call) => {
  const large = action.name === "take" || action.more;
  return el("button", { type: "button", class: `act do-${action.name}${large ? " large" : ""}`, click: () => action.run(call()) },
    action.name === "up" || action.name === "down" ? el("b", { "aria-hidden": "true" }, action.name === "up" ? "+" : "−") : icon(ICONS[action.name] || action.name),
    large ? el("span", { class: "text" }) : null);
};

export const make = (first) => {
  const id = `card${++count}`;
  let call = first;
  const part = {
    shape: shape(), orbit: el("b", { class: "orbit" }), flag: el("span", { class: "flag" }), age: el("span", { class: "age" }),
    waited: el("span", { class: "waited", role: "timer" }), name: el("b", { class: "name", id: `${id}n` }), number: el("span", { class: "number" }),
    facts: el("p", { class: "facts" }), note: el("p", { class: "note" }), fill: el("div", { class: "fill" }), next: el("p", { class: "next" }),
    buttons: ACTIONS.map((action) => ({ action, node: button(action, () => call) })),
  };
  const more = el("button", { type: "button", class: "act more", click: () => {
    if (!app.open.delete(call.uuid)) app.open.add(call.uuid);
    app.render();
  } }, icon("more"));
  const course = steps();
  const rows = [el("div", { class: "controls" }, part.buttons.filter(({ action }) => !action.more).map(({ node }) => node), more),
    el("div", { class: "controls second" }, part.buttons.filter(({ action }) => action.more).map(({ node }) => node))];
  const node = el("li", { class: "card", tabindex: "-1", "aria-labelledby": `${id}n ${id}o`, "aria-describedby": `${id}d` },
    el("div", { class: "head" }, el("span", { class: "grip", id: `${id}o` }, part.shape, part.orbit), part.flag, el("span", { class: "space" }), part.age, part.waited),
    el("div", { class: "caller" }, part.name, part.number),
    el("div", { class: "about", id: `${id}d` }, part.facts, part.note, el("div", { class: "bar", "aria-hidden": "true" }, part.fill), part.next),
    rows, course);

  /** Shows what the server says of the call. */
  node.update = (latest) => {
    call = latest;
    node.call = call;
    const label = who(call);
    say(part.orbit, call.orbit);
    say(part.name, label);
    say(part.number, call.caller_id_name ? call.caller_id_number : "");
    set(part.name, "dir", "auto");
    const at = domain();
    const facts = [
      call.parker && t("parked_by", { who: person(call.parker, at) }),
      call.for && (!app.wall && me && call.for === me.user ? t("for_me") : t("for_whom", { who: person(call.for, at) })),
      call.state === "connecting" && call.retriever && t("with_whom", { who: person(call.retriever, at) }),
      app.state.lots.size > 1 && (app.wall || app.order === "urgent") && person(call.lot, at),
    ];
    say(part.facts, facts.filter(Boolean).join(" · "));
    say(part.note, call.note || "");
    show(part.note, call.note);
    say(part.flag, call.priority > 0 ? `▲ ${call.priority}` : "");
    set(part.flag, "aria-label", call.priority > 0 ? t("priority_is", { n: call.priority }) : null);
    set(part.flag, "role", call.priority > 0 ? "img" : null);
    set(node, "data-mine", !app.wall && mine(call));
    const asking = app.asking.has(call.uuid);
    set(node, "aria-busy", asking ? "true" : null);
    const open = app.open.has(call.uuid);
    const current = app.current === call.uuid;
    set(node, "tabindex", current ? "0" : "-1");
    let some = false;
    let others = false;
    for (const { action, node: control } of part.buttons) {
      const allowed = action.may(call);
      some = some || allowed;
      others = others || (action.more && allowed);
      show(control, allowed);
      if (control.disabled !== asking) control.disabled = asking;
      set(control, "tabindex", current ? null : "-1");
      set(control, "aria-label", `${t(action.name)}: ${label}`);
      set(control, "title", `${t(action.name)}${action.name === "take" ? ` (${t("take_hint")})` : ""} [${action.keys[0]}]`);
      const text = control.querySelector(".text");
      if (text) say(text, action.name === "up" || action.name === "down" ? t("priority") : t(action.name));
    }
    show(rows[0], (some || call.next) && !app.wall);
    show(rows[1], open && others && !app.wall);
    show(more, others || call.next);
    course.update(call, open && !app.wall);
    set(more, "aria-expanded", String(open));
    set(more, "aria-label", `${t(open ? "less" : "more")}: ${label}`);
    set(more, "title", t(open ? "less" : "more"));
    set(more, "tabindex", current ? null : "-1");
    node.tick();
  };

  /** Shows what changes with time. */
  node.tick = () => {
    const at = now();
    const old = age(call, at);
    set(node, "data-age", old);
    reshape(part.shape, old);
    say(part.age, t(`age_${old}`));
    say(part.waited, clock(waited(call, at)));
    // Steps of a thousandth: the bar moves by itself in between.
    part.fill.style.setProperty("--part", share(call, at).toFixed(3));
    say(part.next, coming(call, at));
    course.tick(at);
  };
  return node;
};

/** Everything that comes next, once it is asked for, and why something will be skipped. */
const steps = () => {
  const list = el("ol", { class: "steps", role: "list" });
  let asked = "";
  let all = [];
  list.update = async (call, open) => {
    show(list, open && all.length > 1);
    set(list, "aria-label", t("comes"));
    const wanted = open ? [call.uuid, call.state, call.deadline, call.step].join() : "";
    if (wanted === asked) return;
    asked = wanted;
    if (!open) return;
    const answer = await get(`/v1/calls/${encodeURIComponent(call.uuid)}`).catch(() => null);
    if (!answer || asked !== wanted) return;
    all = answer.next.map((one) => ({ ...one, at: answer.at_ms + one.in_ms }));
    keyed(list, all.map((one, n) => ({ ...one, n })), (one) => one.n, () => el("li"), (line, one) => set(line, "data-skipped", Boolean(one.skipped)));
    show(list, all.length > 1);
    list.tick(now());
  };
  list.tick = (at) => {
    [...list.children].forEach((line, n) => {
      const { at: when, what, skipped } = all[n];
      const text = when > at ? t("next_in", { time: clock(when - at + 999), what: happens(shortened(what)) }) : t("next_now", { what: happens(shortened(what)) });
      say(line, skipped ? `${text} (${t("skipped")}: ${happens(skipped)})` : text);
    });
  };
  return list;
};

/** What comes next, and when. */
const coming = (call, at) => {
  if (call.next) {
    const what = happens(shortened(call.next.what));
    const ms = call.due - at;
    return ms > 0 ? t("next_in", { time: clock(ms + 999), what }) : t("next_now", { what });
  }
  const rest = left(call, at);
  return rest === null ? t("no_timeout") : t("until", { time: clock(rest + 999) });
};

const shortened = (what) => (domain() ? what.replaceAll("@" + domain(), "") : what);
