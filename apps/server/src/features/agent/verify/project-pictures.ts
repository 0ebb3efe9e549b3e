import type { Page } from "playwright-core";
import type { Queries } from "../../../platform/database.ts";
import { createImageDecoder } from "../../../platform/image-decoder.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { previewOrigin } from "../../runtime/containers/index.ts";
import { BrowsersBusy, type FindBrowsers } from "./browsers.ts";
import { openPreviewProxy } from "./preview-proxy.ts";
import { open, VerifyStepFailed } from "./steps.ts";
import type { VisitedPreviews } from "./verify.tool.ts";

const job = "take_project_picture";
/** All pictures are taken one after another. */
const queue = "project_pictures";
/** The app reloads after the last change. */
const settleMs = 2_000;
const retryMs = 20_000;
const maxRetries = 9;
const visitMs = 90_000;
/** The longest wait for an app that still shows that it is loading. */
const loadedMs = 10_000;
const checkMs = 250;
const size = { width: 640, height: 400 };
const maxBytes = 40_000;
const qualities = [78, 60, 40, 20];

interface Payload {
  project_id: string;
  /** Earlier attempts that found the app or the browsers not ready. */
  retries: number;
}

export type PictureTaker = ReturnType<typeof createPictureTaker>;
/**
 * Takes the pictures of projects' apps in light and dark, in a browser that is isolated like that of `verify`. Requests for one project become one job. It
 * waits while the agent uses a browser, and does nothing when the app does not run, does not answer, or there is no browser.
 */
export function createPictureTaker({
  browsers: findBrowsers,
  previews: { site, address, passFor },
  transaction,
  projects,
  listContainers,
  replace,
  log,
}: {
  browsers: FindBrowsers;
  previews: VisitedPreviews;
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
  projects: { find(id: string): Promise<ProjectRow | undefined> };
  listContainers(projectId: string): Promise<ContainerRow[]>;
  replace(projectId: string, pictures: { light: Buffer; dark: Buffer }): Promise<void>;
  log: Logger;
}) {
  const decode = createImageDecoder({ maxPixels: 4_000_000, seconds: 10 });
  const shrink = (screenshot: Buffer): Promise<Buffer> =>
    decode(screenshot, async (image) => {
      for (const quality of qualities) {
        const data = await image.clone().resize(size.width, size.height, { fit: "cover", position: "top" }).webp({ quality }).toBuffer();
        if (data.byteLength <= maxBytes) return data;
      }
      throw new Error("the picture is too large");
    });
  const enqueue = ({ project_id, retries }: Payload, delayMs: number) =>
    transaction((tx) => enqueueJob(tx, job, { project_id, retries }, { key: `${job}:${project_id}`, maxAttempts: 1, queue, delayMs }));

  const take = async (project: ProjectRow, container: ContainerRow, signal: AbortSignal): Promise<void> => {
    const browsers = findBrowsers();
    if ("missing" in browsers) return;
    const host = `${container.host_label}.${address.domain}:${address.port || "80"}`;
    const hosts = new Map([[host, passFor({ container, project }, visitMs)]]);
    await using gate = await openPreviewProxy({ site, hosts });
    const trustedOrigins = [`http://${host.replace(/:80$/, "")}`];
    await using browser = await browsers.open({ proxy: gate.proxy, trustedOrigins }, signal);
    const page = browser.context.pages()[0] ?? (await browser.context.newPage());
    const origin = new URL(previewOrigin({ ...address, scheme: "http" }, container.host_label)).origin;
    // Some apps read the preference once, so the page is loaded in each.
    const light = await pictureIn(page, origin, "light");
    const dark = await pictureIn(page, origin, "dark");
    await replace(project.id, { light: await shrink(light), dark: await shrink(dark) });
  };

  return {
    /** Enqueues new pictures of a project. Never throws. */
    request: async (projectId: string): Promise<void> => {
      if ("missing" in findBrowsers()) return;
      await enqueue({ project_id: projectId, retries: 0 }, settleMs).catch((err: unknown) =>
        log.warn({ err, project_id: projectId }, "picture of the app not requested"),
      );
    },
    jobHandlers: {
      [job]: async (payload: unknown): Promise<void> => {
        const { project_id, retries } = payload as Payload;
        const again = async () => {
          if (retries < maxRetries) await enqueue({ project_id, retries: retries + 1 }, retryMs);
        };
        const browsers = findBrowsers();
        const project = await projects.find(project_id);
        if ("missing" in browsers || !project || project.branch_of !== null || project.environment_status === "deleting") return;
        const apps = (await listContainers(project_id)).filter((row) => row.container_type === "base");
        const running = apps.find(({ status }) => status === "running");
        if (!running) return void (apps.some(({ status }) => status === "starting") && (await again()));
        if (browsers.isBusy()) return again();
        try {
          await take(project, running, AbortSignal.timeout(visitMs));
        } catch (err) {
          if (err instanceof BrowsersBusy) return again();
          // An app that does not answer keeps its last pictures.
          if (err instanceof VerifyStepFailed) log.info({ err, project_id }, "no picture: the app does not answer");
          else log.warn({ err, project_id }, "no picture of the app");
        }
      },
    },
  };
}

async function pictureIn(page: Page, origin: string, colorScheme: "light" | "dark"): Promise<Buffer> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await open(page, origin, "/");
  // An app that never finishes has its picture taken as it is.
  for (const end = Date.now() + loadedMs; Date.now() < end; await page.waitForTimeout(checkMs))
    if (await page.evaluate(isLoaded).catch(() => true)) break;
  return page.screenshot({ type: "jpeg", quality: 90, animations: "disabled", timeout: 10_000 });
}

/**
 * In the page: true once it has shown, for two checks in a row, neither a busy part, a progress bar without a value, a spinner or a skeleton, nor a
 * text that says it is loading.
 */
const isLoaded = `(() => {
  const isVisible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;
  const marks = '[aria-busy="true"], [role="progressbar"]:not([aria-valuenow]), progress:not([value]), [class*="spinner" i], [class*="skeleton" i], [class*="animate-spin"], [class*="animate-pulse"]';
  const isMarked = [...document.querySelectorAll(marks)].slice(0, 500).some(isVisible);
  const text = (document.body?.innerText ?? "").slice(0, 20000);
  const saysSo = /(^|\\n)\\s*(loading|please wait)\\b[^\\n]{0,40}(\\.{3}|…)?\\s*(\\n|$)/i.test(text);
  const isQuiet = !isMarked && !saysSo;
  const wasQuiet = globalThis.__tesslateQuiet === true;
  globalThis.__tesslateQuiet = isQuiet;
  return isQuiet && wasQuiet;
})()`;
