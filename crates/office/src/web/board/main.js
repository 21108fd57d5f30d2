// The page: who is logged in, the stream, the header, and which part is shown.

import { learnPeople, park, parks } from "./actions.js";
import { alerted, sounding, titled, turn } from "./alerts.js";
import { login, logout, me, whenDenied, whoami } from "./api.js";
import { app, now } from "./app.js";
import { tell } from "./dialogs.js";
import { el, say, set, show } from "./dom.js";
import { draggable } from "./drag.js";
import { icon } from "./icons.js";
import { board, summary } from "./lots.js";
import { notice, whisper } from "./notices.js";
import { past } from "./past.js";
import { reports } from "./reports.js";
import { EMPTY, reduce } from "./state.js";
import { follow } from "./stream.js";
import { then } from "./then.js";
import { learnEarlier, story, worth } from "./told.js";
import { hour, language, other, speak, t } from "./words.js";

const VIEWS = ["board", "history", "reports", "then"];
const PARTS = { board, history: past, reports, then };
/** Times stand still for no longer than this. */
const TICK_MS = 1000;
/** A connection that is lost for no longer is not worth a word. */
const BRIEF_MS = 1500;

const root = document.getElementById("app");
let stream = null;
let lostAt = null;
let pages = {};
let frame = null;
let view = "board";
let name = null;

/** The view that the address asks for. `#wall` and `/?wall` are the board without controls. */
const addressed = () => {
  const hash = location.hash.slice(1);
  app.wall = hash === "wall" || new URLSearchParams(location.search).has("wall");
  view = VIEWS.includes(hash) ? hash : "board";
};

// ---- logging in ----

const door = (again) => {
  // Several requests may be denied at the same time, and one form is enough.
  if (root.querySelector(".door")) return;
  const byToken = { on: false };
  const wrong = el("p", { class: "wrong", role: "alert" });
  const user = el("input", { id: "user", name: "user", autocomplete: "username", required: true, spellcheck: "false", autocapitalize: "none" });
  const secret = el("input", { id: "secret", name: "secret", type: "password", autocomplete: "current-password", required: true });
  const userField = el("p", { class: "field" }, el("label", { for: "user" }), user, el("span", { class: "soft" }));
  const secretField = el("p", { class: "field" }, el("label", { for: "secret" }), secret);
  const send = el("button", { type: "submit", class: "main wide" });
  const change = el("button", { type: "button", class: "quiet wide", click: () => {
    byToken.on = !byToken.on;
    label();
    (byToken.on ? secret : user).focus();
  } });
  const tongue = el("button", { type: "button", class: "quiet wide", click: () => {
    speak(other());
    label();
  } });
  const title = el("h1");
  const label = () => {
    say(title, t("login_title"));
    say(userField.firstChild, t("user"));
    say(userField.lastChild, t("user_hint"));
    say(secretField.firstChild, t(byToken.on ? "token" : "password"));
    say(send, t("login"));
    say(change, t(byToken.on ? "with_password" : "with_token"));
    say(tongue, t("language"));
    show(userField, !byToken.on);
    user.required = !byToken.on;
    document.title = t("login_title");
  };
  const form = el("form", { class: "door", submit: async (event) => {
    event.preventDefault();
    say(wrong, "");
    send.disabled = true;
    try {
      await login(byToken.on ? { token: secret.value } : { user: user.value.trim(), password: secret.value });
      enter();
    } catch (problem) {
      say(wrong, t(problem.status === 429 ? "login_often" : problem.status === 401 ? "login_wrong" : problem.code));
      send.disabled = false;
      secret.select();
    }
  } }, el("img", { src: "/icon.svg", alt: "", width: "56", height: "56" }), title, again ? el("p", null, t("login_again")) : null,
  userField, secretField, wrong, send, change, tongue);
  label();
  root.replaceChildren(el("main", { class: "hall" }, form));
  frame = null;
  user.focus();
};

const enter = () => {
  // Whoever was here before may have seen other calls.
  if (name !== me.name) leave();
  name = me.name;
  app.offset = me.now_ms ? me.now_ms - Date.now() : app.offset;
  build();
  if (stream) stream.retry();
  else stream = follow("/v1/events", received, connection);
  learnPeople();
  learnEarlier();
};

const leave = () => {
  if (stream) stream.stop();
  stream = null;
  app.state = EMPTY;
  app.orbits.clear();
  app.earlier = [];
  app.people = [];
  pages = {};
  titled();
};

// ---- the stream ----

const received = (message) => {
  const before = app.state;
  app.state = reduce(before, message);
  if (message.event === "snapshot" && message.data.at_ms) app.offset = message.data.at_ms - Date.now();
  const fresh = app.state.recent.filter((one) => one.seq > before.seq).reverse();
  for (const one of fresh.filter(worth)) whisper(story(one));
  // Without a journal there are no events, and a snapshot every other second.
  const unheard = before.ready && !app.state.seq && [...app.state.calls.keys()].some((uuid) => !before.calls.has(uuid));
  if (unheard || fresh.some((one) => one.action === "park" && one.waiting)) alerted();
  if (app.state.calls.size !== before.calls.size || message.event === "snapshot") titled();
  app.render();
};

// A stream ends now and then, and the next one begins at once.
const lost = () => lostAt !== null && now() - lostAt > BRIEF_MS;

const connection = (state) => {
  if (state === "denied") {
    whoami().then((known) => (known ? stream && stream.retry() : door(true)), () => setTimeout(() => connection("denied"), 3000));
    return;
  }
  if (state === "open" && lost()) notice(t("found"));
  if (state === "open") lostAt = null;
  else if (lostAt === null) lostAt = now();
  app.render();
};

// ---- the header and the parts ----

const build = () => {
  const count = el("b", { class: "count" });
  const words = el("span", { class: "what" });
  const time = el("span", { class: "clock", "aria-hidden": "true" });
  const live = el("span", { class: "live" }, el("i", { "aria-hidden": "true" }), el("span"));
  const longest = el("span", { class: "longest" });
  const tabs = VIEWS.map((name) => el("a", { href: `#${name}` }, icon(name), el("span")));
  const tool = (name, action) => el("button", { type: "button", class: "tool", click: action }, icon(name), el("span", { class: "unseen" }));
  const parking = el("button", { type: "button", class: "main park", click: () => park(parkable()[0], "auto") }, icon("park"), el("span"));
  const sound = el("button", { type: "button", class: "tool", click: () => {
    turn(!sounding());
    app.render();
  } }, icon("mute"), el("span", { class: "unseen" }));
  const tongue = el("button", { type: "button", class: "tool", click: () => {
    speak(other());
    pages = {};
    build();
    titled();
  } }, el("b", { "aria-hidden": "true" }), el("span", { class: "unseen" }));
  const wall = el("a", { class: "tool", href: "#wall" }, icon("wall"), el("span", { class: "unseen" }));
  const keys = tool("help", help);
  const out = tool("out", async () => {
    await logout();
    leave();
    door(false);
  });
  const user = el("span", { class: "me soft", dir: "auto" });
  const skip = el("a", { class: "skip", href: "#main", click: (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  } });
  const nav = el("nav", { class: "tabs" }, tabs);
  const banner = el("div", { class: "banner", role: "status" }, el("span"), el("button", { type: "button", class: "quiet", click: () => stream && stream.retry() }));
  const main = el("main", { id: "main", tabindex: "-1" });
  const title = el("h1", { class: "unseen" });
  const head = el("header", { class: "top" }, el("div", { class: "state" }, count, el("div", { class: "lines" }, words, el("span", null, live, " ", longest))), nav,
    el("div", { class: "tools" }, parking, user, sound, tongue, wall, keys, out), time);
  root.replaceChildren(skip, head, banner, main);
  draggable(main);

  const parkable = () => [...app.state.lots.keys()].filter(parks);
  frame = { main };
  frame.update = () => {
    document.body.classList.toggle("wall", app.wall);
    say(skip, t("skip"));
    say(title, t("login_title"));
    VIEWS.forEach((of, n) => {
      say(tabs[n].lastChild, t(of));
      set(tabs[n], "aria-current", view === of ? "page" : null);
    });
    set(nav, "aria-label", t("login_title"));
    for (const [node, text] of [[sound, t(sounding() ? "sound_on" : "sound_off")], [wall, t("wall_open")], [keys, t("help")], [out, t("logout")]]) {
      say(node.lastChild, text);
      set(node, "title", text);
    }
    set(sound, "title", `${t(sounding() ? "sound_on" : "sound_off")}: ${t("sound_hint")}`);
    set(sound, "aria-pressed", String(sounding()));
    if (sound.dataset.on !== String(sounding())) {
      sound.dataset.on = String(sounding());
      sound.firstChild.replaceWith(icon(sounding() ? "sound" : "mute"));
    }
    say(tongue.firstChild, other().toUpperCase());
    say(tongue.lastChild, t("language"));
    set(tongue, "title", t("language"));
    set(tongue, "lang", other());
    say(user, me ? me.name || "" : "");
    say(parking.lastChild, t("park"));
    set(parking, "aria-label", t("park"));
    set(parking, "title", t("park"));
    show(parking, parkable().length);
    say(banner.lastChild, t("reconnect"));
    const page = (pages[view] = pages[view] || PARTS[view]());
    if (main.lastChild !== page) main.replaceChildren(title, page);
    page.update();
    frame.tick();
  };
  frame.tick = () => {
    show(banner, lost() && app.state.ready);
    set(live, "data-lost", lost());
    say(live.lastChild, lost() ? t("offline_short") : app.state.ready ? t("live") : t("loading"));
    say(banner.firstChild, lost() ? t("lost", { time: hour(lostAt) }) : "");
    const all = summary();
    say(count, String(all.count));
    say(words, all.count ? t("waiting", { n: all.count }) : t("nobody"));
    say(longest, all.count ? t("longest", { time: all.longest }) : "");
    say(time, all.time);
    const page = pages[view];
    if (page && page.tick) page.tick();
  };
  frame.update();
};

const help = async () => {
  const keys = [
    ["arrows", t("keys_move")], ["T, ↵", t("take")], ["A", t("announce")], ["M", t("move")], ["N", t("note")], ["+  −", t("priority")], ["R", t("back")], ["D", t("drop")],
    ["/", t("keys_find")], ["1 – 4", t("keys_views")], ["?", t("keys_help")], ["Esc", t("keys_close")],
  ];
  tell(t("keys_title"), el("dl", { class: "keys" }, keys.map(([key, what]) => [el("dt", null, key === "arrows" ? t("arrows") : key), el("dd", null, what)])),
    el("p", { class: "soft" }, t("keys_scope")), el("p", { class: "soft" }, t("mouse_drag")));
};

// ---- what drives all of it ----

let drawing = false;
app.render = () => {
  if (drawing) return;
  drawing = true;
  // In the background, a page gets no frame; there is nothing to draw then, until it is seen again.
  requestAnimationFrame(() => {
    drawing = false;
    if (frame) frame.update();
  });
};

setInterval(() => {
  if (frame && !document.hidden) frame.tick();
}, TICK_MS);

window.addEventListener("hashchange", () => {
  addressed();
  app.render();
  if (frame) frame.main.focus();
});
window.addEventListener("online", () => stream && stream.retry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && stream && lostAt !== null) stream.retry();
});
document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card && card.call && app.current !== card.call.uuid) {
    app.current = card.call.uuid;
    // At once, because the next key may be Tab.
    card.update(card.call);
    app.render();
  }
});
document.addEventListener("keydown", (event) => {
  if (!frame || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (app.wall) {
    if (event.key === "Escape") location.hash = "board";
    return;
  }
  const typing = event.target.matches("input, textarea, select");
  const plain = !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (plain && event.key === "?") help();
  else if (plain && VIEWS[Number(event.key) - 1]) location.hash = VIEWS[Number(event.key) - 1];
  else if (view !== "board" || !pages.board || !pages.board.key(event)) return;
  event.preventDefault();
});
whenDenied(() => connection("denied"));

const start = async () => {
  speak();
  document.documentElement.lang = language;
  addressed();
  if (navigator.serviceWorker) navigator.serviceWorker.register("/sw.js").catch(() => null);
  try {
    if (await whoami()) enter();
    else door(false);
  } catch {
    // The files came from this device, and the server is away.
    root.replaceChildren(el("main", { class: "hall" }, el("p", { role: "status" }, t("offline"))));
    setTimeout(start, 3000);
  }
};
start();
