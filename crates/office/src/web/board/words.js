// Every text of the board, in its languages. A key that ends in `.one` or `.other` is chosen by the number `n`.

const WORDS = {
  en: {
    board: "Board", history: "History", reports: "Reports", then: "Time slider", wall: "Wall",
    "waiting.one": "call waiting", "waiting.other": "calls waiting", longest: "longest {time}", nobody: "Nobody is waiting",
    nobody_more: "A call that is parked appears here at once.", nothing_found: "No call matches “{text}”.",
    filter: "Find a call", order: "Order", order_place: "By orbit", order_urgent: "Urgent first",
    lot_count: "{parked} of {capacity}", lot_closed: "{n} closed", lot_full: "full", lot_draining: "{n} draining", lot_removed: "removed",
    free: "free", reserved: "reserved", closed: "closed", draining: "draining", parked: "taken", more_orbits: "and {n} more",
    unknown: "Unknown caller", parked_by: "parked by {who}", for_whom: "for {who}", for_me: "for you", with_whom: "{who} is being connected",
    priority_is: "Priority {n}", until: "{time} left", no_timeout: "no timeout",
    age_calm: "waiting", age_soon: "soon back", age_late: "urgent", age_returning: "going back", age_connecting: "connecting",
    next_in: "in {time}: {what}", next_now: "now: {what}",
    take: "Take", announce: "Announce", move: "Move", note: "Note", more: "More", priority: "Priority", back: "Return now", drop: "Hang up",
    up: "Higher priority", down: "Lower priority", less: "Fewer",
    comes: "What comes next", take_hint: "rings your phone", park: "Park my call", park_here: "Park my call in {orbit}",
    ringing: "Your phone is ringing for {who}.", announced: "{who} is being announced.", moved: "{who} is now in {orbit}.",
    given: "{who} is now for {person}.", saved: "Saved.", returning: "{who} is going back.", dropped: "{who} was hung up.", parked_in: "Parked in {orbit}.",
    which_phone: "Which phone is to ring?", which_phone_hint: "A user such as 1001@example.com",
    move_title: "Move {who}", to_orbit: "To an orbit", to_person: "To a person", lot: "Lot", orbit: "Orbit", any_orbit: "any free orbit",
    person: "Person", person_hint: "The call stays where it is and is for this person from now on.",
    note_title: "Note about {who}", note_text: "Note", drop_title: "Hang up on {who}?", drop_hint: "The caller is disconnected. This cannot be undone.",
    ok: "OK", cancel: "Cancel", save: "Save", close: "Close",
    sound_on: "Sound on", sound_off: "Sound off", sound_hint: "A tone, and the number of calls in the title, when a call is parked",
    language: "Deutsch", help: "Keys", wall_open: "Wall display", people_tray: "Drop here to hand over", skip: "To the calls",
    login: "Log in", login_title: "Parked calls", logout: "Log out", user: "User", user_hint: "such as 1000@example.com", password: "Password", token: "Token",
    with_token: "With a token", with_password: "With a password", login_wrong: "This is not right. Check it and try again.",
    login_often: "Too many attempts. Try again later.", login_again: "You have been logged out. Log in again to go on.",
    lost: "Not connected since {time}. Times go on, but calls may have come or gone.", reconnect: "Connect now", found: "Connected again.",
    live: "Live", offline_short: "Offline", loading: "Loading …",
    happened: "What happened", nothing_happened: "Nothing yet.",
    did_park: "{who} was parked in {orbit}", did_recover: "{who} is in {orbit} again after a restart", did_retrieved: "{who} was taken by {by}",
    did_retrieved_nobody: "{who} was taken", did_returned: "{who} went back", did_abandoned: "{who} hung up", did_left: "{who} left", did_callback: "{who} will be called back",
    did_transferred: "{who} was transferred", did_dropped: "{who} was hung up", did_shutdown: "{who} was lost at a stop", did_lost: "{who} was lost",
    did_resume: "{who} remains in {orbit}", did_return: "{who} is going back: {to}", did_move: "{who} moved from {from} to {orbit}", did_replace: "{who} was replaced in {orbit}",
    did_remind: "Reminder of {who} in {orbit}", did_refuse: "A call was refused in {orbit}", did_set: "{who} in {orbit} was changed", after: "after {time}",
    full: "No orbit is free.", occupied: "This orbit is taken.", empty: "This orbit is empty.", denied: "You may not do this.",
    unknown_lot: "There is no such lot.", unknown_orbit: "There is no such orbit.", bad_arguments: "This is not possible.", gone: "This call is no longer parked.",
    failed: "This did not work.", offline: "The server cannot be reached.", busy: "The server is busy. Try again.", unanswered: "Nobody answered.",
    from: "From", to: "To", caller: "Caller", caller_hint: "Number or name", outcome: "Outcome", any: "all", parker: "Parked by", retriever: "Taken by", search: "Search",
    time: "Time", waited: "Waited", place: "Orbit", older: "Older calls", no_calls: "No call matches.", "calls.one": "{n} call", "calls.other": "{n} calls",
    o_retrieved: "taken", o_returned: "went back", o_abandoned: "hung up", o_left: "left", o_callback: "to be called back", o_transferred: "transferred",
    o_dropped: "disconnected", o_shutdown: "lost at a stop", o_lost: "lost", o_waiting: "waiting",
    usage: "Usage", waits_report: "Waits", timeouts: "Return steps", people: "People", lots: "Lots", period: "Period", today: "Today", days7: "7 days", days30: "30 days", days90: "90 days",
    no_data: "Nothing was parked in this period.", csv: "Table (CSV)", zone: "Times in {zone}",
    r_parked: "parked", r_retrieved: "taken", r_returned: "went back", r_abandoned: "hung up", r_refused: "refused", r_repeat: "repeat callers",
    r_median: "median wait", r_p90: "9 of 10 waited no longer", r_p99: "99 of 100 waited no longer", r_came: "somebody came", r_gave_up: "the caller gave up", r_other: "other",
    r_reached: "reached a return step", r_after_all: "taken after all", r_most: "most at one time", r_busiest: "busiest moment", r_lots: "lots",
    heat: "When calls are parked", heat_more: "Parked calls by day of the week and hour. The stronger the colour, the more calls.",
    days: "Parked calls by day", days_more: "Days without a call are left out.",
    curves: "Still waiting after", curves_more: "The share of calls for which nobody has come, or whose caller has not given up, after each time. The axis ends where 99 of 100 calls have ended.",
    half: "half: {time}", half_not: "half: not reached",
    histogram: "How long calls waited", histogram_more: "Calls by how long they waited until they ended. The bars stand for different lengths of time.",
    steps: "What the return steps did", steps_more: "Each step, how often it was tried, and what became of it.", s_took: "took the call", s_failed: "did not take it", s_skipped: "skipped",
    step: "Step", tried: "tried", answered: "answered", took: "took it", step_failed: "failed", skipped: "skipped",
    parkers: "Who parked", retrievers: "Who took calls", parked_n: "parked", taken_n: "taken", given_back: "given back", median: "median wait",
    course: "{lot}: calls parked at one time", course_more: "The most in each part of the period. Refused: {refused}.", orbits_n: "{n} orbits",
    use: "{lot}: how much each orbit is taken", use_more: "Share of the period in which a call was in the orbit.",
    then_title: "Who waited where", then_day: "Day", then_time: "Time", then_none: "Nobody was waiting at {time}.", then_now: "Now",
    then_plot: "Calls waiting during the day", then_earlier: "One minute earlier", then_later: "One minute later", then_ended: "{outcome} after {time}", "then_count.one": "{n} call was waiting at {time}", "then_count.other": "{n} calls were waiting at {time}",
    keys_title: "Keys", keys_move: "between calls", keys_find: "find a call", keys_views: "board, history, reports, time slider", keys_help: "these keys", keys_close: "close, or leave the search", arrows: "Arrows",
    keys_scope: "The letters work on the call that has the focus.", "more_calls.one": "and {n} more call", "more_calls.other": "and {n} more calls", mouse_drag: "Drag a call onto an orbit, a lot or a person to move it.",
  },
  de: {
    board: "Übersicht", history: "Verlauf", reports: "Berichte", then: "Zeitregler", wall: "Wandanzeige",
    "waiting.one": "Anruf wartet", "waiting.other": "Anrufe warten", longest: "längster {time}", nobody: "Niemand wartet",
    nobody_more: "Sobald ein Anruf geparkt wird, erscheint er hier.", nothing_found: "Kein Anruf passt zu „{text}“.",
    filter: "Anruf suchen", order: "Reihenfolge", order_place: "Nach Platz", order_urgent: "Dringende zuerst",
    lot_count: "{parked} von {capacity}", lot_closed: "{n} gesperrt", lot_full: "voll", lot_draining: "{n} laufen aus", lot_removed: "entfernt",
    free: "frei", reserved: "reserviert", closed: "gesperrt", draining: "läuft aus", parked: "belegt", more_orbits: "und {n} weitere",
    unknown: "Unbekannter Anrufer", parked_by: "geparkt von {who}", for_whom: "für {who}", for_me: "für Sie", with_whom: "wird mit {who} verbunden",
    priority_is: "Vorrang {n}", until: "noch {time}", no_timeout: "ohne Frist",
    age_calm: "wartet", age_soon: "bald zurück", age_late: "dringend", age_returning: "geht zurück", age_connecting: "wird verbunden",
    next_in: "in {time}: {what}", next_now: "jetzt: {what}",
    take: "Annehmen", announce: "Ansagen", move: "Umparken", note: "Notiz", more: "Mehr", priority: "Vorrang", back: "Jetzt zurück", drop: "Auflegen",
    up: "Vorrang erhöhen", down: "Vorrang senken", less: "Weniger",
    comes: "Was als Nächstes kommt", take_hint: "Ihr Telefon klingelt", park: "Gespräch parken", park_here: "Mein Gespräch auf {orbit} parken",
    ringing: "Ihr Telefon klingelt für {who}.", announced: "{who} wird angesagt.", moved: "{who} ist jetzt auf {orbit}.",
    given: "{who} ist jetzt für {person}.", saved: "Gespeichert.", returning: "{who} geht zurück.", dropped: "{who} wurde getrennt.", parked_in: "Auf {orbit} geparkt.",
    which_phone: "Welches Telefon soll klingeln?", which_phone_hint: "Ein Benutzer wie 1001@example.com",
    move_title: "{who} umparken", to_orbit: "Auf einen Parkplatz", to_person: "An eine Person", lot: "Bereich", orbit: "Parkplatz", any_orbit: "irgendein freier",
    person: "Person", person_hint: "Der Anruf bleibt, wo er ist, und ist ab jetzt für diese Person.",
    note_title: "Notiz zu {who}", note_text: "Notiz", drop_title: "{who} auflegen?", drop_hint: "Der Anrufer wird getrennt. Das lässt sich nicht rückgängig machen.",
    ok: "OK", cancel: "Abbrechen", save: "Speichern", close: "Schließen",
    sound_on: "Ton an", sound_off: "Ton aus", sound_hint: "Ein Ton und die Zahl der Anrufe im Titel, wenn ein Anruf geparkt wird",
    language: "English", help: "Tasten", wall_open: "Wandanzeige", people_tray: "Zum Übergeben hier ablegen", skip: "Zu den Anrufen",
    login: "Anmelden", login_title: "Geparkte Anrufe", logout: "Abmelden", user: "Benutzer", user_hint: "zum Beispiel 1000@example.com", password: "Passwort", token: "Token",
    with_token: "Mit einem Token", with_password: "Mit einem Passwort", login_wrong: "Das stimmt nicht. Bitte prüfen und noch einmal versuchen.",
    login_often: "Zu viele Versuche. Bitte später noch einmal.", login_again: "Sie wurden abgemeldet. Bitte melden Sie sich wieder an.",
    lost: "Seit {time} keine Verbindung. Die Zeiten laufen weiter, aber Anrufe können gekommen oder gegangen sein.", reconnect: "Jetzt verbinden", found: "Wieder verbunden.",
    live: "Live", offline_short: "Offline", loading: "Wird geladen …",
    happened: "Was geschah", nothing_happened: "Noch nichts.",
    did_park: "{who} wurde auf {orbit} geparkt", did_recover: "{who} ist nach einem Neustart wieder auf {orbit}", did_retrieved: "{by} hat {who} angenommen",
    did_retrieved_nobody: "{who} wurde angenommen", did_returned: "{who} ging zurück", did_abandoned: "{who} hat aufgelegt", did_left: "{who} ist gegangen", did_callback: "{who} wird zurückgerufen",
    did_transferred: "{who} wurde weiterverbunden", did_dropped: "{who} wurde getrennt", did_shutdown: "{who} ging beim Anhalten verloren", did_lost: "{who} ging verloren",
    did_resume: "{who} bleibt auf {orbit}", did_return: "{who} geht zurück: {to}", did_move: "{who} von {from} nach {orbit} umgeparkt", did_replace: "{who} auf {orbit} wurde ersetzt",
    did_remind: "Erinnerung an {who} auf {orbit}", did_refuse: "Ein Anruf wurde auf {orbit} abgelehnt", did_set: "{who} auf {orbit} wurde geändert", after: "nach {time}",
    full: "Kein Parkplatz ist frei.", occupied: "Dieser Parkplatz ist belegt.", empty: "Dieser Parkplatz ist leer.", denied: "Das dürfen Sie nicht.",
    unknown_lot: "Diesen Bereich gibt es nicht.", unknown_orbit: "Diesen Parkplatz gibt es nicht.", bad_arguments: "Das geht nicht.", gone: "Dieser Anruf ist nicht mehr geparkt.",
    failed: "Das hat nicht geklappt.", offline: "Der Server ist nicht erreichbar.", busy: "Der Server ist beschäftigt. Bitte noch einmal.", unanswered: "Niemand hat abgenommen.",
    from: "Von", to: "Bis", caller: "Anrufer", caller_hint: "Nummer, Name", outcome: "Ausgang", any: "alle", parker: "Geparkt von", retriever: "Angenommen von", search: "Suchen",
    time: "Zeit", waited: "Gewartet", place: "Parkplatz", older: "Ältere Anrufe", no_calls: "Kein Anruf passt.", "calls.one": "{n} Anruf", "calls.other": "{n} Anrufe",
    o_retrieved: "angenommen", o_returned: "ging zurück", o_abandoned: "aufgelegt", o_left: "gegangen", o_callback: "Rückruf", o_transferred: "weiterverbunden",
    o_dropped: "getrennt", o_shutdown: "beim Anhalten verloren", o_lost: "verloren", o_waiting: "wartet",
    usage: "Nutzung", waits_report: "Wartezeiten", timeouts: "Rückgabe", people: "Personen", lots: "Bereiche", period: "Zeitraum", today: "Heute", days7: "7 Tage", days30: "30 Tage", days90: "90 Tage",
    no_data: "In diesem Zeitraum wurde nichts geparkt.", csv: "Tabelle (CSV)", zone: "Zeiten in {zone}",
    r_parked: "geparkt", r_retrieved: "angenommen", r_returned: "gingen zurück", r_abandoned: "aufgelegt", r_refused: "abgelehnt", r_repeat: "mehrfache Anrufer",
    r_median: "mittlere Wartezeit", r_p90: "9 von 10 warteten höchstens", r_p99: "99 von 100 warteten höchstens", r_came: "jemand kam", r_gave_up: "Anrufer gab auf", r_other: "sonst",
    r_reached: "erreichten die Rückgabe", r_after_all: "doch angenommen", r_most: "gleichzeitig höchstens", r_busiest: "größter Andrang", r_lots: "Bereiche",
    heat: "Wann geparkt wird", heat_more: "Geparkte Anrufe nach Wochentag und Stunde. Je kräftiger die Farbe, desto mehr Anrufe.",
    days: "Geparkte Anrufe je Tag", days_more: "Tage ohne Anruf fehlen.",
    curves: "So viele warten noch nach", curves_more: "Der Anteil der Anrufe, für die nach der jeweiligen Zeit noch niemand kam oder deren Anrufer noch nicht aufgab. Die Achse endet, wo 99 von 100 Anrufen zu Ende sind.",
    half: "Hälfte: {time}", half_not: "Hälfte: nicht erreicht",
    histogram: "Wie lange Anrufe warteten", histogram_more: "Anrufe nach ihrer Wartezeit. Die Balken stehen für verschieden lange Zeiten.",
    steps: "Was die Rückgabe bewirkte", steps_more: "Jeder Schritt, wie oft er versucht wurde und was daraus wurde.", s_took: "nahm den Anruf", s_failed: "nahm ihn nicht", s_skipped: "übersprungen",
    step: "Schritt", tried: "versucht", answered: "abgenommen", took: "nahm an", step_failed: "erfolglos", skipped: "übersprungen",
    parkers: "Wer parkte", retrievers: "Wer annahm", parked_n: "geparkt", taken_n: "angenommen", given_back: "zurückgegeben", median: "mittlere Wartezeit",
    course: "{lot}: gleichzeitig geparkte Anrufe", course_more: "Die meisten in jedem Teil des Zeitraums. Abgelehnt: {refused}.", orbits_n: "{n} Plätze",
    use: "{lot}: wie sehr jeder Parkplatz belegt ist", use_more: "Anteil des Zeitraums, in dem ein Anruf auf dem Platz war.",
    then_title: "Wer wartete wo", then_day: "Tag", then_time: "Uhrzeit", then_none: "Um {time} wartete niemand.", then_now: "Jetzt",
    then_plot: "Wartende Anrufe im Lauf des Tages", then_earlier: "Eine Minute früher", then_later: "Eine Minute später", then_ended: "{outcome} nach {time}", "then_count.one": "{n} Anruf wartete um {time}", "then_count.other": "{n} Anrufe warteten um {time}",
    keys_title: "Tasten", keys_move: "zwischen Anrufen", keys_find: "Anruf suchen", keys_views: "Übersicht, Verlauf, Berichte, Zeitregler", keys_help: "diese Tasten", keys_close: "schließen oder die Suche verlassen", arrows: "Pfeile",
    keys_scope: "Die Buchstaben gelten für den Anruf mit dem Fokus.", "more_calls.one": "und {n} weiterer Anruf", "more_calls.other": "und {n} weitere Anrufe", mouse_drag: "Ziehen Sie einen Anruf auf einen Parkplatz, einen Bereich oder eine Person.",
  },
};

// What the server says will happen, which is English, in other languages.
const HAPPENS = {
  de: [
    [/^rings the parker (\S+) for (\d+) s$/, "klingelt bei {1}, der geparkt hat ({2} s)"],
    [/^rings the parker for (\d+) s$/, "klingelt bei dem, der geparkt hat ({1} s)"],
    [/^rings (.+) for (\d+) s$/, "klingelt bei {1} ({2} s)"],
    [/^reminds the parker (\S+) (?:for \d+ s|by message)$/, "erinnert {1}"],
    [/^reminds the parker (?:for \d+ s|by message)$/, "erinnert den, der geparkt hat"],
    [/^goes to the voicemail of (?:the parker )?(.+)$/, "geht an die Mailbox von {1}"],
    [/^is transferred to (.+)$/, "wird weiterverbunden an {1}"],
    [/^is hung up with (.+)$/, "wird getrennt ({1})"],
    [/^continues in its dialplan$/, "geht im Wählplan weiter"],
    [/^is offered a call-back for (\d+) s$/, "bekommt einen Rückruf angeboten ({1} s)"],
    [/^no phone of the user is registered$/, "kein Telefon angemeldet"],
    [/^the user is in a call$/, "spricht gerade"],
    [/^the parker is not known$/, "unbekannt, wer geparkt hat"],
    [/^remains parked without a timeout$/, "bleibt ohne Frist geparkt"],
    [/^remains parked for another (.+)$/, "bleibt weitere {1} geparkt"],
  ],
};

const LANGUAGES = Object.keys(WORDS);
const KEPT = "callpark-language";

const wanted = () => {
  const kept = localStorage.getItem(KEPT);
  if (LANGUAGES.includes(kept)) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag)) || "en";
};

/** The language of the page. */
export let language = "en";
// The language as it is written where the user lives: en-GB has no 6:00 PM.
let locale = "en";
let plural = new Intl.PluralRules("en");

/** Chooses a language, or finds out which one the user wants. */
export const speak = (chosen) => {
  if (chosen) localStorage.setItem(KEPT, chosen);
  language = chosen || wanted();
  locale = navigator.languages.find((tag) => tag.startsWith(language)) || language;
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
};

/** The other language. */
export const other = () => LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length];

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

/** A text with its values. */
export const t = (key, values = {}) => {
  const words = WORDS[language];
  const form = "n" in values ? words[`${key}.${plural.select(values.n)}`] || words[`${key}.other`] : undefined;
  return filled(form || words[key] || key, values);
};

/** Whether there is such a text. */
export const known = (key) => key in WORDS[language];

/** What the server says will happen. */
export const happens = (what) => {
  for (const [pattern, text] of HAPPENS[language] || []) {
    const found = pattern.exec(what);
    if (found) return filled(text, found);
  }
  return what;
};

/** 1:05, or 1:02:03 from an hour on. */
export const clock = (ms) => {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};

/** A length of time in its own unit, such as `1.5 min`. */
export const length = (ms) => {
  const s = ms / 1000;
  if (s < 90) return number(Math.round(s * 10) / 10) + " s";
  if (s < 5400) return number(Math.round(s / 6) / 10) + " min";
  return number(Math.round(s / 360) / 10) + " h";
};

export const number = (value) => value.toLocaleString(locale, { maximumFractionDigits: 2 });
export const percent = (part) => number(part >= 0.1 || part === 0 ? Math.round(part * 100) : Math.round(part * 1000) / 10) + " %";
export const hour = (ms) => new Date(ms).toLocaleTimeString(locale, { timeStyle: "short" });
export const moment = (ms) => new Date(ms).toLocaleString(locale, { dateStyle: "short", timeStyle: "short" });
export const date = (ms) => new Date(ms).toLocaleDateString(locale, { dateStyle: "short" });
export const weekday = (n) => new Date(Date.UTC(2024, 0, 1 + n)).toLocaleDateString(locale, { weekday: "short", timeZone: "UTC" });

/** A text of another writing direction inside a sentence, which does not turn the rest of it round. */
export const apart = (text) => `\u2068${text}\u2069`;

/** A user, without the domain if it is that of the viewer. */
export const person = (user, domain) => (domain && user.endsWith("@" + domain) ? user.slice(0, -domain.length - 1) : user);
