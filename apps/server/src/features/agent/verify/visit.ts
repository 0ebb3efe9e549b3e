import type { Page } from "playwright-core";
import type { VerifyReport } from "@tesslate/contract";
import type { PreviewSite } from "../../../http/preview-site.ts";
import { axeOf } from "./axe.ts";
import type { Browsers } from "./browsers.ts";
import { pathIn, watchPage } from "./page-problems.ts";
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
  const problems = watchPage({ context, page, origin }, (url) => gate.isBlocked(url));

  const pictures: Picture[] = [];
  const takePicture = async (label: string) => {
    if (pictures.length >= maxPictures) throw new VerifyStepFailed(`At most ${maxPictures} screenshots are kept of one visit.`);
    pictures.push(await pictureOf(page, label || `After ${pathIn(origin, page.url())}`));
  };
  const world = { page, origin, timeout: stepMs, takePicture };
  const all: readonly VerifyStepInput[] = steps[0]?.action === "navigate" ? steps : [{ action: "navigate", path }, ...steps];
  const done = await runSteps(
    all,
    (step) => (step.action === "navigate" ? open(page, origin, step.path ?? path) : doStep(world, step)),
    (error) => {
      signal.throwIfAborted();
      return browser.ended() ?? sentenceOf(error);
    },
  );
  const isBroken = done.some(({ status }) => status === "failed");
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
      ...problems(),
      accessibility,
    },
    pictures,
  };
}

/** Runs steps up to the first that fails; the others are skipped. `explain` gives the text of a failure. */
async function runSteps(
  steps: readonly VerifyStepInput[],
  run: (step: VerifyStepInput) => Promise<void>,
  explain: (error: unknown) => string,
): Promise<VerifyReport["steps"]> {
  const done: VerifyReport["steps"] = [];
  let isBroken = false;
  for (const step of steps) {
    const what = describeStep(step).slice(0, 300);
    if (isBroken) {
      done.push({ what, status: "skipped", duration_ms: 0 });
      continue;
    }
    const started = performance.now();
    const durationMs = () => Math.round(performance.now() - started);
    try {
      await run(step);
      done.push({ what, status: "passed", duration_ms: durationMs() });
    } catch (error) {
      isBroken = true;
      done.push({ what, status: "failed", duration_ms: durationMs(), detail: explain(error) });
    }
  }
  return done;
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
