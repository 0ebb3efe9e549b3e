/// <reference lib="dom" />
/**
 * Load times of pages and input latency of the composer with a CPU four times slower and a 10 Mbit/s network with 40 ms latency.
 * Bytes and calls are always enforced, times only with `--whole` on an otherwise idle machine; all figures are printed.
 */
import { randomUUID } from "node:crypto";
import type { Transcript, TranscriptEntry } from "@tesslate/contract";
import { load, say, script } from "@tesslate/testkit";
import type { CDPSession, Page } from "playwright-core";
import { signIn } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { expectNoProblems } from "../screens.ts";

interface Recorded {
  tasks: { start: number; duration: number }[];
  keys: { id: number; duration: number }[];
}
declare global {
  interface Window {
    speed: Recorded;
    /** How far the transcript was from its end, at most, in a frame in which it grew. */
    gapPx: number;
  }
}
/** A reply with what costs time to paint: emphasis, a table, a list, code and a link. */
const reply = `Slots work. A day closes at **18:00** the evening before, and a canceled order frees its place.

| slot | places |
|---|---|
| 07:30 | 2 |
| 08:30 | 4 |

- \`src/server/slots.ts\` counts only \`paid\` and \`pending\`
- the order page asks for a slot before it asks for a name

\`\`\`ts
export const placesLeft = (taken: number) => Math.max(0, capacity - taken);
\`\`\`

Next I would print the list for the kitchen: [the plan](https://example.org).`;

export default journey({ isMeasured: true }, async (context) => {
  /** Prints a measurement, and enforces it with `--whole`. */
  function within(boundMs: number, tookMs: number, what: string): void {
    note(`${what}: ${Math.round(tookMs)} ms of ${boundMs}`);
    if (context.isWhole) expect(tookMs <= boundMs, `${what} took ${Math.round(tookMs)} ms, ${boundMs} at most`);
  }
  const cpuSlowdown = 4;
  const line = { offline: false, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };
  const ownLine = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  /** The median of these counts. */
  const openings = context.isWhole ? 5 : 1;
  /** The part of a task that does not count as blocking (Total Blocking Time). */
  const bearableMs = 50;
  const messages = 500;
  const keys = 100;
  const chunksPerSecond = 100;
  /** Longer than typing takes on a slowed page. */
  const streamedSeconds = 60;
  /** Shorter events are not reported by the browser's Event Timing. */
  const unreportedMs = 16;
  const kB = 1024;

  const { model } = context;
  model.setScript(script([say("No answer is needed.")]));
  const { studio, account, project, watched, page } = await context.openProject();

  /** Runs in the page before its own scripts. */
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
      await cdp.send("Network.emulateNetworkConditions", ownLine);
      await cdp.detach();
    }
  }

  interface Opening {
    path: string;
    usable: (page: Page) => Promise<unknown>;
    /** Transferred JavaScript, including response headers and prefetches; weights.ts limits the size of the code. */
    maxBytes: number;
    /** Calls to the API. */
    maxCalls: number;
    usableMs: number;
    /** Default 200. */
    blockedMs?: number;
  }

  interface Opened {
    bytes: number;
    calls: string[];
    usableMs: number;
    blockingMs: number;
  }
  const medianOf = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

  /** Opens a page with empty caches; counting ends one second after it can be used. */
  async function openOnce(cdp: CDPSession, { path, usable }: Opening): Promise<Opened> {
    await page.goto("about:blank");
    await cdp.send("Network.clearBrowserCache");
    const scripts = new Set<string>();
    const calls: string[] = [];
    let bytes = 0;
    const onResponse = ({ requestId, response }: { requestId: string; response: { url: string } }) => {
      if (/^\/(?:assets|docs)\//.test(new URL(response.url).pathname) && response.url.endsWith(".js")) scripts.add(requestId);
    };
    const onFinished = ({ requestId, encodedDataLength }: { requestId: string; encodedDataLength: number }) => {
      if (scripts.has(requestId)) bytes += encodedDataLength;
    };
    const onRequest = ({ request }: { request: { method: string; url: string } }) => {
      if (new URL(request.url).pathname.startsWith("/api/")) calls.push(`${request.method} ${new URL(request.url).pathname}`);
    };
    cdp.on("Network.responseReceived", onResponse);
    cdp.on("Network.loadingFinished", onFinished);
    cdp.on("Network.requestWillBeSent", onRequest);
    const started = Date.now();
    await page.goto(studio.url + path, { waitUntil: "commit" });
    await usable(page);
    const opened = { usableMs: Date.now() - started, bytes, calls: [...calls] };
    const now = await page.evaluate(() => performance.now());
    await page.waitForFunction((after) => performance.now() > after, now + 1000);
    cdp.off("Network.responseReceived", onResponse);
    cdp.off("Network.loadingFinished", onFinished);
    cdp.off("Network.requestWillBeSent", onRequest);
    const { tasks, firstPaint } = await page.evaluate(() => ({
      tasks: window.speed.tasks,
      firstPaint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
    }));
    note(
      `usable after ${opened.usableMs} ms, tasks beyond ${bearableMs} ms: ${tasks.map(({ start, duration }) => `${Math.round(duration)} at ${Math.round(start)}`).join(", ") || "none"}`,
    );
    const blocking = tasks.filter(({ start }) => start >= firstPaint);
    return { ...opened, blockingMs: blocking.reduce((sum, { duration }) => sum + duration - bearableMs, 0) };
  }

  function opening(page: Opening): Promise<void> {
    return slowed(async (cdp) => {
      await cdp.send("Network.enable");
      await cdp.send("Network.emulateNetworkConditions", line);
      const seen: Opened[] = [];
      for (let round = 0; round < openings; round += 1) seen.push(await openOnce(cdp, page));
      const bytes = Math.max(...seen.map((one) => one.bytes));
      const most = seen.map(({ calls }) => calls).toSorted((a, b) => b.length - a.length)[0] ?? [];
      note(`${Math.round(bytes / kB)} kB of JavaScript of ${page.maxBytes / kB}, ${most.length} calls of ${page.maxCalls}`);
      within(page.usableMs, medianOf(seen.map(({ usableMs }) => usableMs)), "usable");
      within(page.blockedMs ?? 200, medianOf(seen.map(({ blockingMs }) => blockingMs)), "blocked");
      expect(bytes > 0, "its scripts were transferred");
      expect(bytes <= page.maxBytes, `${Math.round(bytes / kB)} kB of JavaScript`);
      expect(most.length <= page.maxCalls, `${most.length} calls: ${most.join(", ")}`);
      // The page uses what was prefetched.
      expect(most.filter((call) => call.endsWith("/users/me")).length <= 1, `requested the user twice: ${most.join(", ")}`);
    });
  }

  /** Questions and replies in turn. */
  const longTranscript = (chat_id: string): TranscriptEntry[] =>
    Array.from({ length: messages }, (_, index): TranscriptEntry => {
      const created_at = new Date(Date.now() - (messages - index) * 60_000).toISOString();
      const [id, task_id] = [randomUUID(), randomUUID()];
      if (index % 2 === 0) {
        const text = `Question ${index}: can people pick a pick-up slot?`;
        return { type: "message", id, text, attachments: [], mentions: [], details: null, auto_fix: null, created_at };
      }
      const frame = { task_id, ts: created_at };
      const end = {
        success: true,
        iterations: 1,
        final_response: reply,
        tool_calls_made: 0,
        completion_reason: "no_more_actions" as const,
      };
      return {
        type: "run",
        message_id: id,
        task_id,
        last_seq: 3,
        events: [
          { ...frame, seq: 1, type: "task_started", data: { chat_id, message_id: id, agent_id: null, model: "openai/scripted" } },
          { ...frame, seq: 2, type: "complete", data: end },
          { ...frame, seq: 3, type: "done", data: {} },
        ],
        created_at,
      };
    });

  const composer = page.getByRole("textbox", { name: "Message to the agent" });
  const log = page.getByRole("log", { name: "Transcript" });
  /** Types. Returns the 95th percentile of the time from a key to its paint, and the longest task while typing, both in milliseconds. */
  async function typed(field = composer): Promise<{ keyMs: number; taskMs: number }> {
    await field.click();
    await field.fill("");
    // Finding the field by its role is a long task of the test, so only what happens from here on counts, until all is read.
    await page.evaluate(() => (window.speed = { tasks: [], keys: [] }));
    await page.keyboard.type("abcde fghi".repeat(keys / 10), { delay: 80 });
    const seen = await page.evaluate(
      () => new Promise<Recorded>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(window.speed), 200))),
    );
    expect((await field.inputValue()).length === keys, "every key was entered");
    const longest = new Map<number, number>();
    for (const { id, duration } of seen.keys) longest.set(id, Math.max(duration, longest.get(id) ?? 0));
    const durations = [...longest.values(), ...Array.from({ length: Math.max(0, keys - longest.size) }, () => unreportedMs)].toSorted(
      (a, b) => a - b,
    );
    note(`half of the keys within ${durations[keys / 2]} ms, the longest ${durations.at(-1)} ms`);
    note(`tasks beyond ${bearableMs} ms: ${seen.tasks.map(({ duration }) => Math.round(duration)).join(", ") || "none"}`);
    return {
      keyMs: durations[Math.floor(keys * 0.95) - 1] ?? 0,
      taskMs: Math.max(0, ...seen.tasks.map(({ duration }) => duration)),
    };
  }

  /** Opens a chat of its own with all the messages. */
  async function openLongChat(): Promise<void> {
    const { id } = await account.api.chat.createSession({ body: { project_id: project.slug } });
    const entries = longTranscript(id);
    // A page has fewer; a chat that stays open, or whose earlier pages are shown, has as many. This response has them all at once.
    await page.route(`**/api/chat/${id}/transcript*`, async (route) => {
      const response = await route.fetch();
      const transcript = (await response.json()) as Transcript;
      await route.fulfill({ response, json: { ...transcript, entries: [...entries, ...transcript.entries] } });
    });
    await page.goto(`${studio.url}/p/${project.slug}`);
    await until("all of them are shown", async () => (await page.locator(".thread-item article").count()) === messages / 2);
    await page.getByRole("button", { name: /^Model: / }).waitFor();
  }

  return [
    {
      name: "the sign-in page",
      run: () =>
        opening({
          path: "/login",
          usable: (page) => page.getByLabel("Email").waitFor(),
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
          usable: (page) => page.getByRole("textbox", { name: "What do you want to build?" }).waitFor(),
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
        expectNoProblems(watched);
      },
    },
    {
      name: "the API reference",
      run: () =>
        opening({
          path: "/docs",
          usable: (page) =>
            page
              .locator("#operations-tag-Projects")
              .or(page.getByRole("link", { name: "List projects" }))
              .first()
              .waitFor(),
          // With Swagger UI, which is fetched when nothing else is to be done.
          maxBytes: 640 * kB,
          maxCalls: 0,
          usableMs: 1500,
        }),
    },
    {
      name: "a page of the help",
      run: () =>
        opening({
          path: "/help/guides/chat",
          usable: (page) => page.getByRole("heading", { level: 1, name: "Chat with the agent" }).waitFor(),
          maxBytes: 420 * kB,
          maxCalls: 12,
          usableMs: 1500,
          // The server sends the text, so that the app starts after the first paint: what was before it elsewhere is counted here.
          blockedMs: 400,
        }),
    },
    {
      name: `a key in the composer below ${messages} messages is painted quickly`,
      run: async () => {
        await openLongChat();
        within(32, (await typed()).keyMs, "95 of 100 keys");
        // The limit allows for one late frame.
        await slowed(async () => within(60, (await typed()).keyMs, "95 of 100 keys, slowed"));
      },
    },
    {
      name: `a reply of ${chunksPerSecond} chunks a second below ${messages} messages blocks nothing`,
      run: async () => {
        const blank = "<!doctype html><textarea aria-label='Field'></textarea>";
        await page.goto(`data:text/html,${encodeURIComponent(blank)}`);
        let blankMs = 0;
        await slowed(async () => {
          blankMs = (await typed(page.getByRole("textbox", { name: "Field" }))).keyMs;
        });
        model.setScript(script([load({ tokensPerSecond: chunksPerSecond, tokens: streamedSeconds * chunksPerSecond })]));
        await openLongChat();
        await composer.fill("Tell me more.");
        await composer.press("Enter");
        await page.locator(".markdown[data-streaming]").waitFor();
        await log.evaluate((box) => {
          window.gapPx = 0;
          new ResizeObserver(() => {
            window.gapPx = Math.max(window.gapPx, box.scrollHeight - box.clientHeight - box.scrollTop);
          }).observe(box.firstElementChild!);
        });
        await slowed(async () => {
          const { keyMs, taskMs } = await typed();
          expect((await page.locator(".markdown[data-streaming]").count()) === 1, "the reply streams until the last key");
          const gapPx = await page.evaluate(() => window.gapPx);
          expect(gapPx <= 2, `the end is always in sight: ${gapPx} px`);
          within(bearableMs, taskMs, "the longest task");
          within(blankMs + 16, keyMs, "95 of 100 keys while the reply streams");
        });
      },
    },
  ];
});
