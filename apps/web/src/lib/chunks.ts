import { readStored, writeStored } from "./storage.ts";

const key = "tesslate.chunk-reload";
const pauseMs = 10_000;
let preloads = 0;

/** Fetches a part of the app before it is asked for. When that fails nothing happens: the asking will try again. */
export function preload(load: () => Promise<unknown>): void {
  preloads += 1;
  void load()
    .catch(() => undefined)
    .finally(() => (preloads -= 1));
}

/**
 * A part that was asked for and did not come (the network changed under the browser, a new version was put in place) is fetched by loading the
 * page again, at most once in ten seconds; drafts are kept in the session. After that the error reaches the nearest boundary with its Retry.
 */
export function reloadForMissingChunks(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (preloads > 0) return;
    const last = readStored(sessionStorage, key, (v): v is number => typeof v === "number") ?? 0;
    if (Date.now() - last < pauseMs) return;
    writeStored(sessionStorage, key, Date.now());
    event.preventDefault();
    location.reload();
  });
}
