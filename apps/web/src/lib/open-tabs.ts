const channelName = "tesslate.tabs";
/**
 * So many tabs keep their streams. Over HTTP/1.1, a browser opens 6 connections to a server for all tabs together: without a limit, six
 * workbenches would leave none for requests. HTTP/2 has no such limit.
 */
const keptTabs = 3;

const listeners = new Set<() => void>();
/** Tabs that were opened or looked at since this one was hidden. */
const newer = new Set<string>();
let isWatching = false;

function watch(): void {
  if (isWatching || typeof BroadcastChannel !== "function") return;
  isWatching = true;
  const id = `${Date.now()}.${Math.random()}`;
  const tabs = new BroadcastChannel(channelName);
  tabs.addEventListener("message", ({ data }: MessageEvent<string>) => {
    if (document.visibilityState === "visible") return;
    newer.add(data);
    if (newer.size >= keptTabs) for (const listener of listeners) listener();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    newer.clear();
    tabs.postMessage(id);
  });
  tabs.postMessage(id);
}

/** Browsers use HTTP/2 over TLS alone. A document that came from the cache names no protocol, but requests of the page do. */
const hasConnectionLimit = () =>
  location.protocol === "http:" ||
  (["navigation", "resource"] as const)
    .flatMap((type) => performance.getEntriesByType(type) as PerformanceResourceTiming[])
    .some(({ name, nextHopProtocol }) => nextHopProtocol === "http/1.1" && new URL(name).origin === location.origin);

/**
 * Calls `listener` when this tab is hidden and `keptTabs` others were opened or looked at since, if the browser limits connections. Returns the
 * function that unsubscribes.
 */
export function whenTabIsOld(listener: () => void): () => void {
  if (!hasConnectionLimit()) return () => undefined;
  watch();
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
