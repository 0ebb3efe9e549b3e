import type { Page } from "playwright-core";
import type { VerifyReport } from "@tesslate/contract";
import type { PreviewSite } from "../../../http/preview-site.ts";
import { axeOf } from "./axe.ts";
import type { Browsers } from "./browsers.ts";
import { openPreviewProxy } from "./preview-proxy.ts";
import { describeStep, doStep, open, VerifyStepFailed, type VerifyStepInput } from "./steps.ts";

export interface Picture {
  label: string;
  width: number;
  height: number;
  data: Buffer;
}
export interface PreviewVisit {
  report: Omit<VerifyReport, "title" | "container" | "pictures">;
  pictures: Picture[];
}

const maxPictures = 8;
const maxPictureBytes = 2 * 2 ** 20;
const maxPageHeight = 4000;
const maxLines = 30;
const maxLine = 400;
const maxPages = 3;

/**
 * Visits a preview in a new browser: runs the steps up to the first failure, collects errors of the page, runs axe at the end, and takes screenshots. Rejects
 * only when no browser could be opened or `signal` aborts; everything else is in the report.
 */
export async function visitPreview(
  {
    browsers,
    site,
    hosts,
    origin,
    path,
    steps,
    withAccessibility,
    stepMs,
  }: {
    browsers: Browsers;
    site: PreviewSite;
    hosts: ReadonlyMap<string, string>;
    origin: string;
    path: string;
    steps: readonly VerifyStepInput[];
    withAccessibility: boolean;
    /** Timeout of a step. */
    stepMs: number;
  },
  signal: AbortSignal,
): Promise<PreviewVisit> {
  const started = performance.now();
  await using gate = await openPreviewProxy({ site, hosts });
  const trustedOrigins = [...hosts.keys()].map((host) => `http://${host.replace(/:80$/, "")}`);
  await using browser = await browsers.open({ proxy: gate.proxy, trustedOrigins }, signal);
  const { context } = browser;
  const page = context.pages()[0] ?? (await context.newPage());
  const consoleErrors: string[] = [];
  const failedRequests: string[] = [];
  const note = (list: string[], line: string) => {
    const short = line.length > maxLine ? `${line.slice(0, maxLine)}…` : line;
    if (list.length < maxLines && !list.includes(short)) list.push(short);
  };
  const nameOf = (url: string) => (url.startsWith(origin) ? url.slice(origin.length) || "/" : url);
  const blocked = new Map<string, number>();
  const noteBlocked = (url: string) => {
    const host = URL.parse(url)?.host.slice(0, 200) ?? "";
    if (gate.isBlocked(url) && (blocked.has(host) || blocked.size < maxLines)) blocked.set(host, (blocked.get(host) ?? 0) + 1);
  };
  context.on("request", (request) => noteBlocked(request.url()));
  page.on("websocket", (socket) => noteBlocked(socket.url()));
  context.on("page", (other) => {
    if (context.pages().length > maxPages) void other.close().catch(() => undefined);
  });
  page.on("pageerror", (error) => note(consoleErrors, withLocation(error, origin)));
  page.on("console", (message) => {
    const { url } = message.location();
    // A failed request is listed with the requests, or with the blocked ones.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource") || gate.isBlocked(url)) return;
    note(consoleErrors, message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !gate.isBlocked(response.url()))
      note(failedRequests, `${response.request().method()} ${nameOf(response.url())} answered ${response.status()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    if (!/ERR_ABORTED/.test(why) && !gate.isBlocked(request.url()))
      note(failedRequests, `${request.method()} ${nameOf(request.url())} failed (${why.replace("net::", "")})`);
  });

  const pictures: Picture[] = [];
  const takePicture = async (label: string) => {
    if (pictures.length >= maxPictures) throw new VerifyStepFailed(`At most ${maxPictures} screenshots are kept of one visit.`);
    pictures.push(await pictureOf(page, label || `After ${nameOf(page.url())}`));
  };
  const done: VerifyReport["steps"] = [];
  let isBroken = false;
  const world = { page, origin, timeout: stepMs, takePicture };
  const all: readonly VerifyStepInput[] = steps[0]?.action === "navigate" ? steps : [{ action: "navigate", path }, ...steps];
  for (const step of all) {
    const what = describeStep(step).slice(0, 300);
    if (isBroken) {
      done.push({ what, status: "skipped", duration_ms: 0 });
      continue;
    }
    const began = performance.now();
    try {
      await (step.action === "navigate" ? open(page, origin, step.path ?? path) : doStep(world, step));
      done.push({ what, status: "passed", duration_ms: Math.round(performance.now() - began) });
    } catch (error) {
      signal.throwIfAborted();
      isBroken = true;
      const detail = browser.ended() ?? sentenceOf(error);
      done.push({ what, status: "failed", duration_ms: Math.round(performance.now() - began), detail });
    }
  }
  const isAlive = browser.ended() === undefined && !page.isClosed();
  if (isAlive && (isBroken || pictures.length === 0) && pictures.length < maxPictures)
    await pictureOf(page, isBroken ? "When it failed" : "At the end").then(
      (picture) => pictures.push(picture),
      () => undefined,
    );
  const accessibility = isAlive && withAccessibility ? await axeOf(page) : null;
  const at = URL.parse(page.url());
  signal.throwIfAborted();
  return {
    report: {
      path: at ? `${at.pathname}${at.search}`.slice(0, 500) : path,
      success: !isBroken,
      duration_ms: Math.round(performance.now() - started),
      steps: done,
      console_errors: consoleErrors,
      failed_requests: failedRequests,
      blocked: [...blocked].map(([host, count]) => ({ host, count })),
      accessibility,
    },
    pictures,
  };
}

/** The message with the first location in the app from its stack. */
export function withLocation(error: Error, origin: string): string {
  const location = (error.stack ?? "").split("\n").find((line) => line.includes(origin));
  const at = location
    ?.slice(location.indexOf(origin) + origin.length)
    .replace(/\)$/, "")
    .replace(/\?[^:]*/, "")
    .trim();
  return `${error.name}: ${error.message}${at ? ` (at ${at})` : ""}`;
}

async function pictureOf(page: Page, label: string): Promise<Picture> {
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const quality of [80, 50, 20]) {
    const data = await page.screenshot({ type: "jpeg", quality, animations: "disabled", timeout: 10_000 });
    if (data.byteLength <= maxPictureBytes)
      return { label: label.slice(0, 120), ...size, height: Math.min(size.height, maxPageHeight), data };
  }
  throw new VerifyStepFailed("The screenshot is too large to keep.");
}

/** The first line of an error of Playwright, without its log and colours. */
export function sentenceOf(error: unknown): string {
  if (error instanceof VerifyStepFailed) return error.message.slice(0, 600);
  const text = error instanceof Error ? error.message : String(error);
  // oxlint-disable-next-line no-control-regex
  const [first = ""] = text.replace(/\u001b\[[0-9;]*m/g, "").split("\n");
  return first.replace(/^\w+\.\w+: /, "").slice(0, 300) || "It did not work.";
}
