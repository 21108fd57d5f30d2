// Requests to /v1.

const PATIENCE_MS = 20_000;
const MOST_PATIENT_S = 5;
const TRIES_AGAIN = 2;

/** What the server answers when it does not do what it was asked: `code` is a word of `callpark_status`, or `offline`. */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail || code);
    this.status = status;
    this.code = code;
  }
}

/** Who is logged in, as `/v1/me` says. */
export let me = null;

const listeners = [];

/** Calls `listener` when nobody is logged in any more. */
export const whenDenied = (listener) => listeners.push(listener);

const request = async (method, path, headers, body) => {
  let answer;
  try {
    answer = await fetch(path, { method, headers, body, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Problem(0, "offline", "");
  }
  const text = await answer.text().catch(() => "");
  if (answer.ok && headers.Accept === "text/csv") return text;
  let document = null;
  try {
    document = text ? JSON.parse(text) : null;
  } catch {
    // Something between us and the server has answered.
  }
  if (answer.ok) return document;
  const problem = new Problem(answer.status, (document && document.code) || "failed", (document && document.detail) || "");
  problem.after = Number(answer.headers.get("Retry-After")) || 0;
  throw problem;
};

const noticed = async (asking) => {
  try {
    return await asking;
  } catch (problem) {
    if (problem.status === 401) for (const listener of listeners) listener();
    throw problem;
  }
};

const address = (path, query) => {
  const filled = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const words = new URLSearchParams(filled).toString();
  return words ? `${path}?${words}` : path;
};

/** GET, with the filters that are not empty. */
export const get = (path, query = {}) => noticed(request("GET", address(path, query), {}));

/** The same as comma-separated values. */
export const table = (path, query) => noticed(request("GET", address(path, query), { Accept: "text/csv" }));

const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** POST. If no answer arrives, or the server says when to try again, it is sent again; the key has the server do it only once. */
export const post = async (path, body = {}) => {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key() };
  if (me && me.csrf) headers["X-CSRF-Token"] = me.csrf;
  const send = async (tries) => {
    try {
      return await request("POST", path, headers, JSON.stringify(body));
    } catch (problem) {
      const soon = problem.after > 0 && problem.after <= MOST_PATIENT_S;
      if (!tries || (!soon && problem.code !== "offline")) throw problem;
      await new Promise((done) => setTimeout(done, soon ? problem.after * 1000 : 700));
      return send(tries - 1);
    }
  };
  return noticed(send(TRIES_AGAIN));
};

/** Finds out who is logged in. `null`: nobody. */
export const whoami = async () => {
  try {
    me = await request("GET", "/v1/me", {});
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    me = null;
  }
  return me;
};

/** Logs in with `{ user, password }` or `{ token }`. */
export const login = async (proof) => {
  me = await request("POST", "/v1/login", { "Content-Type": "application/json" }, JSON.stringify(proof));
  return me;
};

/** Logs out. */
export const logout = async () => {
  await post("/v1/logout").catch(() => null);
  me = null;
};
