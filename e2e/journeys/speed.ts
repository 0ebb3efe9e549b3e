/// <reference lib="dom" />
/**
 * How quickly pages come and the composer answers on a machine four times slower than this one (ui.md 34). Bytes and calls are held as they
 * are, times with the slack of `within`; the figures are always printed.
 */
import { say, script, startModelServer } from "@tesslate/testkit";
import type { CDPSession, Page } from "playwright-core";
import { signIn } from "../browser.ts";
import { expect, runJourneys, until, within } from "../journey.ts";
import { noOffences } from "../looks.ts";
import { modelEnv, openScene, traceOf } from "../scene.ts";

const cpuSlowdown = 4;
const messages = 500;
const keys = 100;
/** What the Event Timing of the browser does not report at all. */
const unreportedMs = 16;
const kB = 1024;

const model = await startModelServer({ script: script([say("Nothing is asked here.")]) });
const { studio, account, project, watched, page } = await openScene(modelEnv(model));

interface Recorded {
  tasks: { start: number; duration: number }[];
  keys: { id: number; duration: number }[];
}
declare global {
  interface Window {
    speed: Recorded;
  }
}
/** Runs in the page, before anything of it. */
function record(): void {
  window.speed = { tasks: [], keys: [] };
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.speed.tasks.push({ start: startTime, duration });
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceEventTiming[])
      if (entry.interactionId) window.speed.keys.push({ id: entry.interactionId, duration: entry.duration });
  }).observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit);
}
await page.addInitScript(record);

async function slowed(work: (cdp: CDPSession) => Promise<void>): Promise<void> {
  const cdp = await watched.context.newCDPSession(page);
  try {
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: cpuSlowdown });
    await work(cdp);
  } finally {
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 });
    await cdp.detach();
  }
}

interface Opening {
  path: string;
  usable: (page: Page) => Promise<unknown>;
  /** Of its JavaScript as it came over the line, heads of answers and what is fetched ahead included; what the code itself weighs is held by weights.ts. */
  maxBytes: number;
  /** To the API. */
  maxCalls: number;
  usableMs: number;
}

/** Opens a page as somebody who was never there; a second after it can be used the count ends. */
function opening({ path, usable, maxBytes, maxCalls, usableMs }: Opening): Promise<void> {
  return slowed(async (cdp) => {
    await cdp.send("Network.enable");
    await cdp.send("Network.clearBrowserCache");
    const scripts = new Set<string>();
    const calls: string[] = [];
    let bytes = 0;
    cdp.on("Network.responseReceived", ({ requestId, response }) => {
      if (new URL(response.url).pathname.startsWith("/assets/") && response.url.endsWith(".js")) scripts.add(requestId);
    });
    cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (scripts.has(requestId)) bytes += encodedDataLength;
    });
    cdp.on("Network.requestWillBeSent", ({ request }) => {
      if (new URL(request.url).pathname.startsWith("/api/")) calls.push(`${request.method} ${new URL(request.url).pathname}`);
    });
    const started = Date.now();
    await page.goto(studio.url + path);
    await usable(page);
    const took = Date.now() - started;
    const loaded = { bytes, calls: calls.length };
    const now = await page.evaluate(() => performance.now());
    await page.waitForFunction((after) => performance.now() > after, now + 1000);
    const { tasks } = await page.evaluate(() => window.speed);
    console.log(`     ${Math.round(loaded.bytes / kB)} kB of JavaScript of ${maxBytes / kB}, ${loaded.calls} calls of ${maxCalls}`);
    console.log(
      `     tasks beyond 50 ms: ${tasks.map(({ start, duration }) => `${Math.round(duration)} at ${Math.round(start)}`).join(", ") || "none"}`,
    );
    within(usableMs, took, "usable");
    within(200, Math.max(0, ...tasks.map(({ duration }) => duration)), "the longest task");
    expect(loaded.bytes > 0, "its scripts came over the line");
    expect(loaded.bytes <= maxBytes, `${Math.round(loaded.bytes / kB)} kB of JavaScript`);
    expect(loaded.calls <= maxCalls, `${loaded.calls} calls: ${calls.join(", ")}`);
  });
}

const composer = page.getByRole("textbox", { name: "Message to the agent" });

await runJourneys(
  [
    {
      name: "the sign-in page",
      run: () =>
        opening({
          path: "/login",
          usable: (page) => page.getByLabel("E-mail").waitFor(),
          maxBytes: 240 * kB,
          maxCalls: 4,
          usableMs: 1500,
        }),
    },
    {
      name: "Home",
      run: async () => {
        await signIn(page, studio.url, account);
        await opening({
          path: "/",
          usable: (page) => page.getByRole("textbox", { name: "What should it do?" }).waitFor(),
          maxBytes: 440 * kB,
          maxCalls: 16,
          usableMs: 1800,
        });
      },
    },
    {
      name: "the workbench",
      run: async () => {
        await opening({
          path: `/p/${project.slug}`,
          usable: () => composer.waitFor(),
          maxBytes: 760 * kB,
          maxCalls: 30,
          usableMs: 2200,
        });
        noOffences(watched);
      },
    },
    {
      name: `a key in the composer below ${messages} messages is painted soon`,
      run: async () => {
        // A session has the newest 200 when it is opened; more come while it stays open.
        await page.goto(`${studio.url}/_/workbench-states?state=long`);
        await until("all of them stand there", async () => (await page.locator(".thread-item article").count()) === messages / 2);
        await page.getByRole("button", { name: /^Model: / }).waitFor();
        await slowed(async () => {
          await composer.click();
          await page.evaluate(() => (window.speed.keys = []));
          await page.keyboard.type("abcde fghi".repeat(keys / 10), { delay: 80 });
          expect((await composer.inputValue()).length === keys, "every key arrived");
          const seen = await page.evaluate(
            () =>
              new Promise<Recorded["keys"]>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(window.speed.keys), 200))),
          );
          const longest = new Map<number, number>();
          for (const { id, duration } of seen) longest.set(id, Math.max(duration, longest.get(id) ?? 0));
          const durations = [...longest.values(), ...Array.from({ length: Math.max(0, keys - longest.size) }, () => unreportedMs)].toSorted(
            (a, b) => a - b,
          );
          console.log(`     half of the keys within ${durations[keys / 2]} ms, the longest ${durations.at(-1)} ms`);
          // The aim is 32 (ui.md 34); what is held leaves room for a frame that comes late.
          within(60, durations[Math.floor(keys * 0.95) - 1] ?? 0, "95 of 100 keys");
        });
      },
    },
  ],
  traceOf(studio, () => watched),
);
