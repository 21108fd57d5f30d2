// The live stream, read with `fetch`: unlike EventSource it goes on after an answer such as 502, says what was seen last even
// then, and notices a connection on which nothing comes any more.

/** The server sends something at least every 15 s. */
const SILENCE_MS = 40_000;
const SLOWEST_MS = 10_000;

/** A function that takes pieces of an event stream and hands on each whole message as `{ event, id, data }`; `id` if it has one. */
export const reader = (push) => {
  let rest = "";
  let message = { event: "message", data: [] };
  const line = (text) => {
    if (text === "") {
      if (message.data.length) push({ ...message, data: message.data.join("\n") });
      message = { event: "message", data: [] };
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") message.data.push(value);
    else if (field === "event") message.event = value;
    else if (field === "id") message.id = value;
  };
  return (piece) => {
    rest += piece;
    // An end of line of two characters may be in two pieces.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    lines.forEach(line);
  };
};

/**
 * Follows the stream until `stop`. `push` receives messages, whose data are JSON; `state` receives `"open"`, `"lost"` or `"denied"`,
 * after which `retry` begins again.
 */
export const follow = (path, push, state) => {
  let last = null;
  let tries = 0;
  let timer = 0;
  let attempt = null;
  let stopped = false;

  const run = async () => {
    clearTimeout(timer);
    const mine = (attempt = new AbortController());
    let silence = 0;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => mine.abort(), SILENCE_MS);
    };
    let next = "lost";
    try {
      alive();
      const headers = last === null ? {} : { "Last-Event-ID": last };
      const answer = await fetch(path, { headers, signal: mine.signal, cache: "no-store" });
      if (answer.status === 401) next = "denied";
      if (answer.ok && answer.body) {
        const read = reader((message) => {
          if (message.id !== undefined) last = message.id;
          let data = null;
          try {
            data = JSON.parse(message.data);
          } catch {
            return;
          }
          tries = 0;
          state("open");
          push({ ...message, data });
        });
        const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { done, value } = await pieces.read();
          if (done) break;
          alive();
          read(value);
        }
      }
    } catch {
      // Lost, as if the server had ended it.
    }
    clearTimeout(silence);
    if (stopped || attempt !== mine) return;
    state(next);
    if (next === "denied") return;
    // Not all boards at the same moment.
    const wait = Math.min(SLOWEST_MS, 500 * 2 ** tries++) * (0.75 + Math.random() / 2);
    timer = setTimeout(run, wait);
  };

  run();
  return {
    retry: () => {
      tries = 0;
      if (attempt) attempt.abort();
      run();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      attempt.abort();
    },
  };
};
