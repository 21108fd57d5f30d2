// Keeps the files of the board, so that it opens without a network. Data are never kept: whatever is below /v1 goes past it.

const SHELL = "callpark-shell";
const FILES = [
  "/", "/board.css", "/main.js", "/app.js", "/state.js", "/stream.js", "/api.js", "/words.js", "/dom.js", "/icons.js", "/notices.js", "/dialogs.js",
  "/actions.js", "/card.js", "/lots.js", "/told.js", "/drag.js", "/alerts.js", "/past.js", "/reports.js", "/plots.js", "/then.js",
  "/manifest.webmanifest", "/icon.svg", "/icon-192.png", "/icon-512.png",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(old());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !FILES.includes(url.pathname)) return;
  event.respondWith(newest(event.request, url.pathname));
});

// The server's file, as long as there is a server: an upgrade of the module is an upgrade of the board.
const newest = async (request, path) => {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(4000) });
    if (answer.ok) await cache.put(path, answer.clone());
    if (answer.status < 500) return answer;
  } catch {
    // There is no network.
  }
  return (await cache.match(path)) || Response.error();
};
