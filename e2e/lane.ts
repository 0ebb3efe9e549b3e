import type { Browser } from "playwright-core";
import { script, startModelServer } from "@tesslate/testkit";
import { createProject, signUp, type Account } from "./account.ts";
import { openWindow, type WatchedWindow } from "./browser.ts";
import { startChromium } from "./chromium.ts";
import type { Images } from "./images.ts";
import type { Journey, JourneyContext, Step } from "./journey.ts";
import { shot } from "./screens.ts";
import type { Report } from "./report.ts";
import { modelEnv } from "./open-project.ts";
import { startServices } from "./services.ts";
import { startStudio, type RunningStudio } from "./studio.ts";

/** Shared by the journeys that it runs one after another: a server, a browser, a scripted model. Each is started when it is first needed. */
export interface Lane {
  run(name: string, journey: Journey): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  images: Images;
  report: Report;
  /** Only the steps of the main user flow. */
  isMain: boolean;
  /** Also what takes minutes. */
  isWhole: boolean;
}

/** A step that takes longer hangs: no step of a journey takes a tenth of it. */
const longestStepMs = 5 * 60_000;

export function openLane({ images, report, isMain, isWhole }: Options): Lane {
  const model = lazy(() => startModelServer({ models: ["scripted", "gpt-3.5-turbo", "gpt-4o"] }));
  const services = lazy(startServices);
  const browser = lazy(startChromium);
  const server = lazy(async (): Promise<{ studio: RunningStudio; admin: Account }> => {
    const { env } = await services.get();
    // Crashed services are not restarted, so that journeys can check them.
    const studio = await startStudio(
      { ...modelEnv(await model.get()), ...env, RESTART_ATTEMPTS: "0", REFERRAL_REWARD_CREDITS: "100" },
      { images },
    );
    // The first account of a local server is its administrator.
    return { studio, admin: await signUp(studio.url, "Root") };
  });

  return {
    async run(name, journey) {
      const windows: WatchedWindow[] = [];
      const studios: RunningStudio[] = [];
      const deferred: (() => unknown)[] = [];
      /** Details of a failed step: problems of the pages, warnings of the servers, and screenshots. */
      const trace = async (step: string): Promise<string[]> => {
        const file = `failed-${name}-${step}`.replace(/\W+/g, "-").slice(0, 80);
        await Promise.all(windows.map(({ page }, i) => shot(page, `${file}-${i + 1}`).catch(() => undefined)));
        return [
          ...windows.flatMap(({ problems }) => problems.splice(0)),
          ...studios.flatMap((studio) =>
            studio
              .output()
              .split("\n")
              .filter((line) => /"level":"(warn|error)"/.test(line)),
          ),
        ].map((line) => line.slice(0, 3000));
      };
      const startedAt = Date.now();
      try {
        const open = async () => journey.open(journey.needsNothing ? emptyContext : await contextOf(journey, windows, studios, deferred));
        const steps = await report.attempt(name, "set-up", open, trace);
        if (steps) await runSteps(name, isMain ? steps.filter((step) => step.isMain) : steps, trace);
      } catch (error) {
        report.failed(name, "set-up", Date.now() - startedAt, error);
      } finally {
        for (const work of deferred.reverse())
          await Promise.resolve(work()).catch((error: unknown) => report.failed(name, "clean-up", 0, error));
        // A crashed browser has no windows to close.
        await Promise.all(windows.map((window) => window.close().catch(() => undefined)));
        const shared = await server.running();
        if (shared) {
          await stopProjects(shared.admin).catch((error: unknown) => report.failed(name, "clean-up", 0, error));
          await images.collect(shared.studio.dataDir);
        }
      }
    },
    async close() {
      await (await browser.running())?.close();
      await (await server.running())?.studio.close();
      await (await services.running())?.close();
      await (await model.running())?.close();
    },
  };

  async function runSteps(name: string, steps: readonly Step[], trace: (step: string) => Promise<string[]>): Promise<void> {
    let failed: string | undefined;
    for (const step of steps)
      if (failed !== undefined) report.failed(name, step.name, 0, `not run: “${failed}” failed`);
      else if (!(await report.attempt(name, step.name, () => limited(step), trace, step))) failed = step.name;
  }

  async function contextOf(
    journey: Journey,
    windows: WatchedWindow[],
    studios: RunningStudio[],
    deferred: (() => unknown)[],
  ): Promise<JourneyContext> {
    const scriptedModel = await model.get();
    scriptedModel.setScript(script([]));
    scriptedModel.setTokenDelay(0);
    scriptedModel.requests.length = 0;
    const shared = journey.ownServer === undefined ? await server.get() : undefined;
    if (shared) {
      studios.push(shared.studio);
      // The token may have expired.
      await shared.admin.signIn();
    }
    let ownStudio: RunningStudio | undefined;
    const studioOf = (named: RunningStudio | undefined) => named ?? missing(ownStudio ?? shared?.studio, "a server");
    const context: JourneyContext = {
      get studio() {
        return studioOf(undefined);
      },
      get admin() {
        return missing(shared?.admin, "the lane's administrator");
      },
      model: scriptedModel,
      services: await services.get(),
      isMain,
      isWhole,
      signUp: (name) => signUp(context.studio.url, name),
      async openWindow(options, own) {
        const watched = await openWindow(await browserInUse(), studioOf(own).url, options);
        windows.push(watched);
        return watched;
      },
      async openProject(own) {
        const studio = studioOf(own);
        const account = await signUp(studio.url);
        const project = await createProject(account, "Alder Street Bakery", "static");
        const watched = await context.openWindow({}, studio);
        return { studio, account, project, watched, page: watched.page };
      },
      async startStudio(env) {
        if (journey.ownServer === undefined) throw new Error("a journey with its own server needs `ownServer` with the reason");
        const studio = await startStudio(env, { images });
        ownStudio = studio;
        studios.push(studio);
        deferred.push(() => studio.close());
        return studio;
      },
      defer: (work) => void deferred.push(work),
    };
    return context;
  }

  async function browserInUse(): Promise<Browser> {
    const now = await browser.get();
    if (now.isConnected()) return now;
    // It crashed; the journey that used it has failed.
    browser.forget();
    return browser.get();
  }
}

/** Stops what a journey left running before the next one starts. */
async function stopProjects({ api, signIn }: Account): Promise<void> {
  await signIn();
  const { items } = await api.adminSandboxes.list({ query: { limit: 100 } });
  for (const { id } of items) await api.adminProjects.stop({ params: { id }, body: { reason: "The journey is over." } });
}

/** For journeys with `needsNothing`. */
const emptyContext = new Proxy({} as JourneyContext, {
  get: (_, name) => missing(undefined, String(name)),
});

const missing = <T>(given: T | undefined, what: string): T => {
  if (given === undefined) throw new Error(`${what} is not available for this kind of journey`);
  return given;
};

async function limited(step: Step): Promise<true> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new Error(`no end after ${longestStepMs / 1000} s`)), longestStepMs);
  try {
    await Promise.race([step.run(), over.promise]);
    return true;
  } finally {
    clearTimeout(timer);
  }
}

/** Started on first use. */
function lazy<T>(start: () => Promise<T>) {
  let started: Promise<T> | undefined;
  return {
    get: () => (started ??= start()),
    running: async (): Promise<T | undefined> => started?.catch(() => undefined),
    forget: () => (started = undefined),
  };
}
