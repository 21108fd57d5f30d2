// The board: lots with the calls in them as cards, and their other orbits as tiles.

import { park, parks, press } from "./actions.js";
import { get } from "./api.js";
import { app, domain, now, reorder } from "./app.js";
import { make } from "./card.js";
import { el, keyed, say, set, show } from "./dom.js";
import { byOrbit, matches, of, urgent, waited } from "./state.js";
import { happened } from "./told.js";
import { clock, hour, person, t } from "./words.js";

/** More tiles than this help nobody to find one. */
const MOST_TILES = 40;
/** More cards than this do not fit on a wall. */
const MOST_ON_WALL = 60;

/** The page. It has `update`, `tick` and `key`. */
export const board = () => {
  const all = el("ul", { class: "cards", role: "list" });
  const more = el("p", { class: "soft rest" });
  const lots = el("div", { class: "lots" });
  const empty = el("div", { class: "empty" }, el("p", { class: "large" }), el("p", { class: "soft" }));
  const find = el("input", { type: "search", id: "find", autocomplete: "off", spellcheck: "false", input: () => {
    app.filter = find.value.trim();
    app.render();
  } });
  const order = el("select", { id: "order", change: () => reorder(order.value) },
    el("option", { value: "place" }), el("option", { value: "urgent" }));
  const labels = [el("label", { for: "find", class: "unseen" }), el("label", { for: "order", class: "unseen" })];
  const bar = el("div", { class: "toolbar" }, labels[0], find, labels[1], order);
  const told = happened();
  const main = el("div", { class: "center" }, bar, empty, all, more, lots);
  const page = el("div", { class: "board" }, main, told);

  page.update = () => {
    const { state, wall, filter } = app;
    const found = [...state.calls.values()].filter((call) => !filter || matches(call, filter));
    const flat = wall || app.order === "urgent";
    show(bar, !wall);
    show(told, !wall);
    say(labels[0], t("filter"));
    set(find, "placeholder", t("filter"));
    set(find, "title", "[/]");
    say(labels[1], t("order"));
    say(order.options[0], t("order_place"));
    say(order.options[1], t("order_urgent"));
    if (order.value !== app.order) order.value = app.order;
    show(empty, state.ready && !found.length);
    say(empty.firstChild, filter ? t("nothing_found", { text: filter }) : t("nobody"));
    say(empty.lastChild, filter ? "" : t("nobody_more"));

    const sections = wall ? [] : [...state.lots.values()].sort((a, b) => (a.lot < b.lot ? -1 : 1));
    const shown = flat ? urgent(found, now()) : sections.flatMap((lot) => of(state, lot.lot).filter((call) => found.includes(call)));
    // One card is in the order of the Tab key: the arrows lead to the others.
    if (!shown.some((call) => call.uuid === app.current)) app.current = shown.length ? follower(shown) : null;
    const keep = focused();
    cards(all, flat ? shown.slice(0, wall ? MOST_ON_WALL : undefined) : []);
    show(all, flat && found.length);
    const rest = wall ? shown.length - MOST_ON_WALL : 0;
    show(more, rest > 0);
    if (rest > 0) say(more, t("more_calls", { n: rest }));
    if (wall) {
      const size = shown.length <= 4 ? "giant" : shown.length <= 9 ? "huge" : shown.length <= 15 ? "large" : shown.length <= 30 ? "middle" : "small";
      set(all, "data-size", size);
    }
    keyed(lots, sections, (lot) => lot.lot, section, (node, lot) => node.update(lot, flat ? [] : shown.filter((call) => call.lot === lot.lot)));
    // What had the focus has gone, with its call or because its orbit is taken: a call has it now.
    if (keep && document.activeElement !== keep) refocus();
    last = shown.map((call) => call.uuid);
    told.update();
  };
  page.tick = () => {
    for (const card of page.querySelectorAll(".card")) card.tick();
  };
  page.key = (event) => keyPressed(event, page, find);

  /** The place of the cards at the last drawing, to find the one that comes after a call that has gone. */
  let last = [];
  const follower = (shown) => {
    const place = last.indexOf(app.current);
    const after = place < 0 ? undefined : last.slice(place).find((uuid) => shown.some((call) => call.uuid === uuid));
    return after || (place > 0 ? shown[Math.min(place, shown.length) - 1].uuid : shown[0].uuid);
  };
  const focused = () => (page.contains(document.activeElement) ? document.activeElement : null);
  const refocus = () => {
    const card = [...page.querySelectorAll(".card")].find((card) => card.call.uuid === app.current);
    (card || find).focus();
  };
  return page;
};

const cards = (list, calls) => keyed(list, calls, (call) => call.uuid, make, (node, call) => node.update(call));

/** A lot: its name, how full it is, its cards and its tiles. */
const section = ({ lot: name }) => {
  const title = el("h2", { dir: "auto" });
  const count = el("span", { class: "soft" });
  const level = el("div", { class: "level", "aria-hidden": "true" }, el("div", { class: "fill" }));
  const badges = el("span", { class: "badges" });
  const list = el("ul", { class: "cards", role: "list" });
  const tiles = el("ul", { class: "tiles", role: "list" });
  const rest = el("li", { class: "soft" });
  const head = el("header", { "data-drop": "lot", "data-lot": name, "data-orbit": "auto" }, title, count, level, badges);
  const node = el("section", { class: "lot" }, head, list, tiles);
  let asked = "";
  node.update = (lot, calls) => {
    say(title, person(lot.lot, domain()));
    set(list, "aria-label", lot.lot);
    set(tiles, "aria-label", `${lot.lot}: ${t("free")}`);
    say(count, t("lot_count", { parked: lot.parked, capacity: lot.capacity }));
    const part = lot.capacity ? lot.parked / lot.capacity : 0;
    level.firstChild.style.setProperty("--part", Math.min(1, part).toFixed(3));
    set(node, "data-full", lot.free === 0 && lot.parked > 0);
    const words = [lot.free === 0 && lot.parked > 0 && t("lot_full"), lot.closed > 0 && t("lot_closed", { n: lot.closed }),
      lot.draining > 0 && t("lot_draining", { n: lot.draining }), lot.removed && t("lot_removed")].filter(Boolean);
    keyed(badges, words, (word) => word, () => el("span", { class: "badge" }), (badge, word) => say(badge, word));
    cards(list, calls);
    show(list, calls.length);
    const taken = new Set([...app.state.calls.values()].filter((call) => call.lot === lot.lot).map((call) => call.orbit));
    const others = (app.orbits.get(lot.lot) || []).filter((orbit) => !taken.has(orbit.orbit)).sort((a, b) => byOrbit(a.orbit, b.orbit));
    keyed(tiles, others.slice(0, MOST_TILES), (orbit) => orbit.orbit, tile(lot.lot), (one, orbit) => one.update(orbit));
    const hidden = Math.max(0, lot.capacity - taken.size - Math.min(others.length, MOST_TILES));
    if (hidden > 0 && others.length) tiles.append(rest);
    else rest.remove();
    say(rest, t("more_orbits", { n: hidden }));
    show(tiles, others.length);
    // What the list of orbits says changes only with these.
    const wanted = [lot.capacity, lot.closed, lot.reserved, lot.draining, lot.removed].join();
    if (wanted !== asked) {
      asked = wanted;
      learn(lot.lot, () => {
        asked = "";
      });
    }
  };
  return node;
};

/** Fetches the orbits of a lot, one lot after the other: there may be a lot for each of many tenants. */
const learn = (lot, failed) => {
  learning = learning.then(async () => {
    const answer = await get(`/v1/lots/${encodeURIComponent(lot)}/orbits`, { limit: 200 }).catch(() => null);
    if (!answer) return failed();
    app.orbits.set(lot, answer.orbits || []);
    app.render();
  });
};
let learning = Promise.resolve();

/** An orbit without a call. A button where the viewer has a call to park. */
const tile = (lot) => ({ orbit: name }) => {
  const text = el("b");
  const word = el("span", { class: "word" });
  const control = el("button", { type: "button", class: "tile", click: () => park(lot, name) }, text, word);
  const plain = el("span", { class: "tile" }, el("b"), el("span", { class: "word" }));
  const node = el("li", null, control, plain);
  node.update = (orbit) => {
    const state = orbit.closed ? "closed" : orbit.state === "parked" ? "free" : orbit.state;
    const usable = state === "free";
    const can = usable && parks(lot);
    set(node, "data-state", state);
    set(node, "data-drop", usable ? "orbit" : null);
    set(node, "data-lot", lot);
    set(node, "data-orbit", name);
    for (const [one, other] of [[text, word], [plain.firstChild, plain.lastChild]]) {
      say(one, name);
      say(other, t(state));
    }
    show(control, can);
    show(plain, !can);
    set(control, "aria-label", t("park_here", { orbit: name }));
    set(control, "title", t("park_here", { orbit: name }));
  };
  return node;
};

/** How many wait, and the longest for how long. */
export const summary = () => {
  const calls = [...app.state.calls.values()];
  const longest = Math.max(0, ...calls.map((call) => waited(call, now())));
  return { count: calls.length, longest: calls.length ? clock(longest) : "", time: hour(now()) };
};

/** Keys of the board: arrows between the cards, letters for what can be done with one. Whether the key meant something. */
const keyPressed = (event, page, find) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const inside = document.activeElement;
  if (event.key === "Escape" && inside === find) {
    find.value = app.filter = "";
    app.render();
    focusCard(page, 0);
    return true;
  }
  if (inside && inside.matches("input, textarea, select")) return false;
  if (event.key === "/") {
    find.focus();
    return true;
  }
  const cards = [...page.querySelectorAll(".card")];
  const card = inside && inside.closest(".card");
  const place = cards.indexOf(card);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) return focusCard(page, place < 0 ? 0 : place + step);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return focusCard(page, place < 0 ? 0 : beyond(cards, place, event.key === "ArrowDown" ? 1 : -1));
  if (event.key === "Home" && card) return focusCard(page, 0);
  if (event.key === "End" && card) return focusCard(page, cards.length - 1);
  // Enter on a button is the button's.
  if (!card || (event.key === "Enter" && inside !== card)) return false;
  return press(event.key.length === 1 ? event.key.toLowerCase() : event.key, card.call);
};

/** The card above or below, wherever that is: the lots need not have the same number in a row. */
const beyond = (cards, place, direction) => {
  const here = cards[place].getBoundingClientRect();
  let best = place;
  let least = Infinity;
  cards.forEach((card, n) => {
    const there = card.getBoundingClientRect();
    const down = (there.top - here.top) * direction;
    if (down < here.height / 2) return;
    const far = down * 4 + Math.abs(there.left - here.left);
    if (far < least) [best, least] = [n, far];
  });
  return best;
};

const focusCard = (page, place) => {
  const cards = [...page.querySelectorAll(".card")];
  const card = cards[Math.max(0, Math.min(cards.length - 1, place))];
  if (!card) return false;
  card.focus();
  card.scrollIntoView({ block: "nearest" });
  return true;
};
