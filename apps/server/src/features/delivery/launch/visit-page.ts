import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Page, Request } from "playwright-core";
import { isolated, withLocation, sentenceOf } from "../../agent/verify/index.ts";
import { shortened } from "./report.ts";

/** Observations of one page. All texts come from the page and are shortened. */
export interface PageVisit {
  path: string;
  /** Why it could not be opened. */
  failure?: string;
  /** Of the document. */
  status: number | undefined;
  exceptions: string[];
  consoleErrors: string[];
  /** Failed requests to its own origin. */
  failed: { path: string; kind: string; why: string; status: number | undefined }[];
  /** Blocked requests to other hosts, with their resource types. */
  foreign: Map<string, Set<string>>;
  /** Other hosts it navigated to on its own. */
  leaves: string[];
  /** It renders nothing. */
  isBlank: boolean;
  /** Why the page was closed: it hung or flooded the browser. */
  hang?: string;
  /** Opened without user action. */
  dialogs: number;
  popups: number;
  downloads: number;
  /** Links within its own origin. */
  links: string[];
}

const loadMs = 10_000;
/** A page is idle after this long without requests; one that never becomes idle is checked anyway. */
const quietMs = 300;
const maxQuietMs = 2500;
const responseMs = 6000;
const blankTries = 4;
const blankWaitMs = 600;
const maxLines = 20;
const maxLine = 300;
const maxNoise = 1000;
const maxDialogs = 10;
const maxLinks = 200;

/** Evaluated in the page; bounded for pages of any size. */
const look = `(() => {
  const links = [];
  for (const a of document.querySelectorAll("a[href]")) {
    if (links.length >= ${maxLinks}) break;
    if (a.origin === location.origin && !a.hasAttribute("download") && a.target !== "_blank") links.push((a.pathname + a.search).slice(0, 500));
  }
  const body = document.body;
  const isShown = (el) => { const box = el.getBoundingClientRect(); return box.width > 1 && box.height > 1; };
  let isBlank = true;
  if (body) {
    if (body.getElementsByTagName("*").length > 20000 || body.innerText.trim() !== "") isBlank = false;
    else for (const el of body.querySelectorAll("img, svg, canvas, video, iframe, input, button, textarea, object, embed, progress")) if (isShown(el)) { isBlank = false; break; }
    if (isBlank) for (const el of body.querySelectorAll("*")) if (el.shadowRoot && el.shadowRoot.textContent.trim() !== "") { isBlank = false; break; }
  }
  return { links, isBlank };
})()`;

/** Opens a page, waits until it is idle and inspects it. Never rejects because of the page; leaves it open for further checks. */
export async function visitPage(
  { context, origin, isBlocked }: { context: BrowserContext; origin: string; isBlocked: (url: string) => boolean },
  path: string,
): Promise<{ visit: PageVisit; page: Page }> {
  const page = await context.newPage();
  const visit: PageVisit = {
    path,
    status: undefined,
    exceptions: [],
    consoleErrors: [],
    failed: [],
    foreign: new Map(),
    leaves: [],
    isBlank: false,
    dialogs: 0,
    popups: 0,
    downloads: 0,
    links: [],
  };
  const given = Promise.withResolvers<never>();
  given.promise.catch(() => undefined);
  watch(page, visit, { origin, isBlocked, giveUp: (why) => given.reject(new GivenUp(why)) });
  try {
    await Promise.race([given.promise, openAndLook(page, visit, origin)]);
  } catch (error) {
    if (error instanceof GivenUp) visit.hang = error.message;
    else visit.failure = shortened(sentenceOf(error), maxLine);
  }
  return { visit, page };
}

class GivenUp extends Error {}

async function openAndLook(page: Page, visit: PageVisit, origin: string): Promise<void> {
  const pending = countPending(page);
  const response = await page.goto(origin + visit.path, { waitUntil: "load", timeout: loadMs }).catch((error: unknown) => {
    // Navigation interrupts loading, and an endless stream never finishes loading.
    if (visit.leaves.length > 0 || visit.downloads > 0 || /Timeout|interrupted/.test(String(error))) return null;
    throw error;
  });
  visit.status ??= response?.status();
  await untilQuiet(page, pending);
  if (visit.leaves.length > 0) return;
  for (let round = 0; round < blankTries; round++) {
    const seen = await lookAt(page);
    visit.links = seen.links;
    visit.isBlank = seen.isBlank;
    if (!seen.isBlank) return;
    await sleep(blankWaitMs);
  }
}

function countPending(page: Page): () => number {
  const pending = new Set<Request>();
  page.on("request", (request) => request.resourceType() !== "eventsource" && pending.add(request));
  page.on("requestfinished", (request) => pending.delete(request));
  page.on("requestfailed", (request) => pending.delete(request));
  return () => pending.size;
}

async function untilQuiet(page: Page, pending: () => number): Promise<void> {
  const started = performance.now();
  for (let busy = started; performance.now() - busy < quietMs && performance.now() - started < maxQuietMs;) {
    await sleep(50);
    if (page.isClosed()) return;
    if (pending() > 0) busy = performance.now();
  }
}

async function lookAt(page: Page): Promise<{ links: string[]; isBlank: boolean }> {
  try {
    const world = await isolated(page, responseMs);
    return (await world.evaluate(look, responseMs)) as { links: string[]; isBlank: boolean };
  } catch (cause) {
    if (page.isClosed()) throw cause;
    throw new GivenUp("It does not respond: a script runs endlessly.", { cause });
  }
}

function watch(
  page: Page,
  visit: PageVisit,
  { origin, isBlocked, giveUp }: { origin: string; isBlocked: (url: string) => boolean; giveUp: (why: string) => void },
): void {
  let noise = 0;
  const countEvent = () => {
    noise += 1;
    if (noise === maxNoise) giveUp("It sends failing requests endlessly.");
    return noise < maxNoise;
  };
  const note = (list: string[], text: string) => {
    const line = shortened(text, maxLine);
    if (list.length < maxLines && !list.includes(line)) list.push(line);
  };
  const pathOf = (url: string) => (url.startsWith(origin) ? shortened(url.slice(origin.length) || "/", 200) : undefined);
  const noteForeign = (url: string, kind: string) => {
    const host = URL.parse(url)?.host.slice(0, 200) ?? "";
    if (visit.foreign.size < maxLines || visit.foreign.has(host)) visit.foreign.set(host, (visit.foreign.get(host) ?? new Set()).add(kind));
  };
  const noteFailed = (request: Request, why: string, status: number | undefined) => {
    const path = pathOf(request.url());
    if (path === undefined || visit.failed.length >= maxLines || visit.failed.some((one) => one.path === path)) return;
    visit.failed.push({ path, kind: request.resourceType(), why, status });
  };
  page.on("request", (request) => {
    if (!countEvent() || !isBlocked(request.url())) return;
    noteForeign(request.url(), request.resourceType());
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) note(visit.leaves, URL.parse(request.url())?.host ?? "");
  });
  page.on("websocket", (socket) => {
    if (countEvent() && isBlocked(socket.url())) noteForeign(socket.url(), "websocket");
  });
  page.on("pageerror", (error) => {
    if (countEvent()) note(visit.exceptions, withLocation(error, origin));
  });
  page.on("console", (message) => {
    if (!countEvent() || message.type() !== "error") return;
    const text = message.text();
    const isAboutForeign =
      isBlocked(message.location().url) || [...visit.foreign.keys()].some((host) => host !== "" && text.includes(host));
    if (!text.startsWith("Failed to load resource") && !isAboutForeign) note(visit.consoleErrors, text);
  });
  page.on("response", (response) => {
    const request = response.request();
    const isDocument = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (isDocument) visit.status = response.status();
    else if (response.status() >= 400) noteFailed(request, `answered ${response.status()}`, response.status());
    else if (request.resourceType() === "script" && /text\/html/.test(response.headers()["content-type"] ?? ""))
      noteFailed(request, "answered with a page instead of a script", 404);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText.replace("net::", "") ?? "";
    if (!/ERR_ABORTED/.test(why) && !isBlocked(request.url())) noteFailed(request, `failed (${why})`, undefined);
  });
  page.on("dialog", (dialog) => {
    visit.dialogs += 1;
    void dialog.dismiss().catch(() => undefined);
    if (visit.dialogs === maxDialogs) giveUp("It opens one dialog after another.");
  });
  page.on("popup", (popup) => {
    visit.popups += 1;
    void popup.close().catch(() => undefined);
  });
  page.on("download", () => (visit.downloads += 1));
  page.on("crash", () => giveUp("It crashed the browser."));
}
