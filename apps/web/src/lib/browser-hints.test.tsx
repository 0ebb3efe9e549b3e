import { afterEach, beforeEach, expect, test, vi } from "vitest";

const calls = { retryNow: 0, drop: 0, pause: 0 };
const others: BroadcastChannel[] = [];
const show = (state: "visible" | "hidden") => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
};
/** Other tabs that are opened or looked at. */
const look = async (...tabs: string[]) => {
  const channel = new BroadcastChannel("tesslate.tabs");
  others.push(channel);
  for (const tab of tabs) channel.postMessage(tab);
  // A channel delivers in turns of its own.
  await new Promise((resolve) => setTimeout(resolve, 50));
};
/** `protocols`: of the document and of the requests of the page. */
async function hint(origin: string, ...protocols: string[]) {
  vi.stubGlobal("location", new URL(origin));
  const entries = protocols.map((nextHopProtocol) => ({ name: `${origin}/api`, nextHopProtocol }) as PerformanceResourceTiming);
  vi.spyOn(performance, "getEntriesByType").mockImplementation((type) => (type === "navigation" ? entries.slice(0, 1) : entries.slice(1)));
  const { browserHints } = await import("./browser-hints.ts");
  Object.assign(calls, { retryNow: 0, drop: 0, pause: 0 });
  return browserHints({ retryNow: () => calls.retryNow++, drop: () => calls.drop++, pause: () => calls.pause++ });
}
beforeEach(() => vi.resetModules());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  for (const channel of others.splice(0)) channel.close();
});

test("a hidden tab pauses its streams once three others were looked at since, and resumes when it is looked at", async () => {
  // A document from the cache names no protocol.
  const end = await hint("http://studio.example", "");
  await look("a", "b", "c");
  expect(calls.pause).toBe(0);
  show("hidden");
  await look("a", "b", "a", "b");
  expect(calls.pause).toBe(0);
  await look("c");
  expect(calls.pause).toBe(1);
  // The network's return wakes tabs that are in use only.
  dispatchEvent(new Event("online"));
  expect(calls.retryNow).toBe(0);
  show("visible");
  expect(calls.retryNow).toBe(1);
  show("hidden");
  await look("a", "b");
  expect(calls.pause).toBe(1);
  end();
  await look("c");
  expect(calls.pause).toBe(1);
});

test("over TLS, the requests of the page say whether there is a limit", async () => {
  const end = await hint("https://studio.example", "", "http/1.1");
  show("hidden");
  await look("a", "b", "c");
  expect(calls.pause).toBe(1);
  end();
});

test("without the browser's limit, all tabs keep their streams", async () => {
  const end = await hint("https://studio.example", "", "h2");
  show("hidden");
  await look("a", "b", "c", "d");
  expect(calls.pause).toBe(0);
  dispatchEvent(new Event("offline"));
  dispatchEvent(new Event("online"));
  expect(calls).toEqual({ retryNow: 1, drop: 1, pause: 0 });
  end();
});
