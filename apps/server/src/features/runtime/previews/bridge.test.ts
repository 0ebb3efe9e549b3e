import { existsSync } from "node:fs";
import { chromium, type Browser, type Frame, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { PreviewReport, ProjectEvent } from "@tesslate/contract";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { projectsApp, startedProject } from "../../../testing/projects.ts";

const soon = { timeout: 10_000 };
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));

interface Message {
  source: string;
  nonce: string;
  type: string;
  path: string;
  title: string;
  page: string;
  origin: string;
}

describe.skipIf(!executablePath)("the bridge in a real browser (needs Chromium)", () => {
  let app: TestApp;
  let ada: TestUser;
  let projectId: string;
  let browser: Browser;
  beforeAll(async () => {
    app = await projectsApp();
    ada = await app.signUp();
    projectId = (await startedProject(app, ada)).project.id;
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  /** A page of the app's origin with the preview in a frame, entered by ticket, like the workbench. */
  const show = async (
    path: string,
    nonce = "nonce-1",
  ): Promise<{ page: Page; frame: Frame; seen: () => Promise<Message[]>; post: (message: object) => Promise<void> }> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${app.url}/health`);
    const { url } = await app.as(ada).previews.ticket({ params: { id: projectId }, body: { path } });
    await page.evaluate((src) => {
      const messages: unknown[] = [];
      Object.assign(globalThis, { messages });
      globalThis.addEventListener("message", (event) =>
        messages.push({ ...(event as unknown as { data: object }).data, origin: (event as unknown as { origin: string }).origin }),
      );
      const { document } = globalThis as unknown as {
        document: { createElement(name: string): { src: string }; body: { append(child: unknown): void } };
      };
      const frame = document.createElement("iframe");
      frame.src = src;
      document.body.append(frame);
    }, `${url}#studio-nonce=${nonce}`);
    const seen = async () => (await page.evaluate(() => (globalThis as unknown as { messages: Message[] }).messages)) as Message[];
    await vi.waitFor(async () => expect((await seen()).map((m) => m.type)).toContain("ready"));
    const frame = page.frames().find((f) => f !== page.mainFrame());
    if (!frame) throw new Error("no frame");
    const post = (message: object) =>
      page.evaluate((m) => {
        const { frames } = globalThis as unknown as { frames: { postMessage(message: object, origin: string): void }[] };
        frames[0]?.postMessage(m, "*");
      }, message);
    return { page, frame, seen, post };
  };
  const reports = async (enough: (reports: PreviewReport[]) => boolean): Promise<PreviewReport[]> => {
    const found: PreviewReport[] = [];
    const events: AsyncIterable<ProjectEvent> = app
      .as(ada)
      .projects.events({ params: { id: projectId }, query: { last_event_id: 0 } }, { signal: AbortSignal.timeout(10_000) });
    for await (const event of events) {
      if (event.type === "preview_report") found.push(event.data);
      if (enough(found)) return found;
    }
    return found;
  };

  test("the first paint of a page is reported once; one that draws nothing counts as painted after its load", async () => {
    const { frame, seen } = await show("/");
    const painted = async () => (await seen()).filter((m) => m.type === "painted");
    await vi.waitFor(async () => expect(await painted()).toMatchObject([{ path: "/", page: "app" }]), soon);
    await frame.goto(new URL("/fragment?empty", frame.url()).href);
    await vi.waitFor(async () => expect(await painted()).toMatchObject([{ path: "/" }, { path: "/fragment?empty" }]), soon);
  });

  test("a framed preview keeps its third-party cookie, hides the nonce and reports its location", async () => {
    const { page, frame, seen, post } = await show("/first?a=1");
    const first = (await seen()).find((m) => m.type === "ready");
    expect(first).toMatchObject({
      source: "tesslate-bridge",
      nonce: "nonce-1",
      path: "/first?a=1",
      title: "Tiny",
      page: "app",
      origin: new URL(frame.url()).origin,
    });
    expect(frame.url()).not.toContain("nonce");

    await frame.evaluate(() => {
      const { history, document } = globalThis as unknown as {
        history: { pushState(state: unknown, title: string, path: string): void };
        document: { title: string };
      };
      history.pushState(null, "", "/second");
      document.title = "Second";
    });
    // A paint may be reported after it.
    const second = expect.objectContaining({ type: "location", path: "/second", title: "Second" });
    await vi.waitFor(async () => expect(await seen()).toContainEqual(second), soon);

    const envelope = { source: "tesslate-studio", nonce: "nonce-1" };
    await post({ ...envelope, type: "navigate", path: "/third" });
    await vi.waitFor(async () => expect((await seen()).at(-1)).toMatchObject({ path: "/third", nonce: "nonce-1" }), soon);
    await post({ ...envelope, type: "back" });
    await vi.waitFor(async () => expect((await seen()).at(-1)).toMatchObject({ path: "/second" }), soon);
    // Wrong nonce, source or origin: ignored.
    await post({ ...envelope, nonce: "guess", type: "navigate", path: "/no" });
    await post({ ...envelope, source: "evil", type: "navigate", path: "/no" });
    await post({ ...envelope, type: "navigate", path: "https://evil.example/" });
    await post({ ...envelope, type: "navigate", path: "/fourth" });
    await vi.waitFor(async () => expect((await seen()).at(-1)).toMatchObject({ path: "/fourth" }), soon);
    expect((await seen()).map((m) => m.path)).not.toContain("/no");
    await page.context().close();
  });

  test("emits errors, rejections, console output and failed requests to the project's stream", async () => {
    const { page, frame } = await show("/reports");
    await frame.evaluate(async () => {
      const g = globalThis as unknown as {
        document: { createElement(n: string): { src: string }; body: { append(c: unknown): void } };
        fetch: typeof fetch;
        console: { error(...args: unknown[]): void; warn(...args: unknown[]): void };
      };
      g.console.error("boom", { a: 1 });
      g.console.warn("careful");
      setTimeout(() => {
        throw new TypeError("thrown");
      });
      void Promise.reject(new Error("rejected"));
      await g.fetch("/missing");
      const image = g.document.createElement("img");
      image.src = "/picture.png";
      g.document.body.append(image);
    });
    const found = await reports((all) =>
      ["boom", "thrown", "rejected", "/missing", "picture.png"].every((word) => all.some((r) => JSON.stringify(r).includes(word))),
    );
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "navigation", url: "/reports" }),
        expect.objectContaining({ kind: "console", level: "error", message: 'boom {"a":1}' }),
        expect.objectContaining({ kind: "console", level: "warn", message: "careful" }),
        expect.objectContaining({ kind: "error", message: "TypeError: thrown", stack: expect.any(String) }),
        expect.objectContaining({ kind: "error", message: "Error: rejected", source: "unhandledrejection" }),
        expect.objectContaining({ kind: "request", method: "GET", status: 404, url: "/missing" }),
        expect.objectContaining({ kind: "request", url: expect.stringContaining("/picture.png"), message: "<img> did not load" }),
      ]),
    );
    await page.context().close();
  });

  test("a service worker that handles everything does not handle the bridge", async () => {
    // In a tab: frames of a private window may not have one.
    const page = await (await browser.newContext()).newPage();
    await page.goto((await app.as(ada).previews.ticket({ params: { id: projectId }, body: {} })).url);
    const results = await page.evaluate(async () => {
      const { navigator } = globalThis as unknown as {
        navigator: {
          serviceWorker: {
            register(path: string): Promise<unknown>;
            ready: Promise<unknown>;
            controller: unknown;
            addEventListener(type: string, done: () => void): void;
          };
        };
      };
      await navigator.serviceWorker.register("/worker.js");
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller)
        await new Promise<void>((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
      const read = async (path: string) => (await fetch(path)).text();
      return { own: await read("/anything"), bridge: await read("/__studio/bridge.js") };
    });
    expect(results.own).toBe("from the worker");
    expect(results.bridge).toContain("tesslate-bridge");
    await page.context().close();
  });

  test("another user's browser gets the private page in the frame, and the app is notified", async () => {
    const page = await (await browser.newContext()).newPage();
    const { url } = await app.as(ada).previews.ticket({ params: { id: projectId }, body: {} });
    const response = await page.goto(new URL("/", url).href);
    expect(response?.status()).toBe(401);
    expect(await page.textContent("h1")).toBe("This preview is private");
    await page.context().close();
  });
});
