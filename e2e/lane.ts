import type { Browser } from "playwright-core";
import { script, startModelServer } from "@tesslate/testkit";
import { createProject, signUp, type Account } from "./account.ts";
import { openWindow, type Watched } from "./browser.ts";
import { startChromium } from "./chromium.ts";
import type { Images } from "./images.ts";
import type { Journey, Stage, Step } from "./journey.ts";
import { shot } from "./looks.ts";
import type { Report } from "./report.ts";
import { modelEnv } from "./scene.ts";
import { startServices } from "./services.ts";
import { startStudio, type RunningStudio } from "./studio.ts";

/** What one journey after another uses: a server, a browser, a scripted model. Each is started when it is first needed. */
export interface Lane {
  run(name: string, journey: Journey): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  images: Images;
  report: Report;
  /** Only the steps of the main job. */
  isMain: boolean;
  /** What goes on for minutes, too. */
  isWhole: boolean;
}

/** A step that goes on for longer hangs: nothing in a journey takes a tenth of it. */
const longestStepMs = 5 * 60_000;

export function openLane({ images, report, isMain, isWhole }: Options): Lane {
  const model = once(() => startModelServer({ models: ["scripted", "gpt-3.5-turbo", "gpt-4o"] }));
  const services = once(startServices);
  const browser = once(startChromium);
  const server = once(async (): Promise<{ studio: RunningStudio; admin: Account }> => {
    const { env } = await services.get();
    // What crashes stays down, so that there is time to look at it.
    const studio = await startStudio(
      { ...modelEnv(await model.get()), ...env, RESTART_ATTEMPTS: "0", REFERRAL_REWARD_CREDITS: "100" },
      { images },
    );
    // Whoever registers first on a server of one's own machine is its administrator.
    return { studio, admin: await signUp(studio.url, "Root") };
  });

  return {
    async run(name, journey) {
      const windows: Watched[] = [];
      const studios: RunningStudio[] = [];
      const deferred: (() => unknown)[] = [];
      /** What a failed step leaves behind: offences of the pages, warnings of the servers, and screenshots. */
      const trace = async (step: string): Promise<string[]> => {
        const file = `failed-${name}-${step}`.replace(/\W+/g, "-").slice(0, 80);
        await Promise.all(windows.map(({ page }, i) => shot(page, `${file}-${i + 1}`).catch(() => undefined)));
        return [
          ...windows.flatMap(({ offences }) => offences.splice(0)),
          ...studios.flatMap((studio) =>
            studio
              .output()
              .split("\n")
              .filter((line) => /"level":"(warn|error)"/.test(line)),
          ),
        ].map((line) => line.slice(0, 400));
      };
      const begun = Date.now();
      try {
        const open = async () => journey.open(journey.isBare ? bareStage : await stageOf(journey, windows, studios, deferred));
        const steps = await report.unlessItFails(name, "set-up", open, trace);
        if (steps) await runSteps(name, isMain ? steps.filter((step) => step.isMain) : steps, trace);
      } catch (error) {
        report.failed(name, "set-up", Date.now() - begun, error);
      } finally {
        for (const work of deferred.reverse())
          await Promise.resolve(work()).catch((error: unknown) => report.failed(name, "the end", 0, error));
        // A browser that is gone has no windows to close.
        await Promise.all(windows.map((window) => window.close().catch(() => undefined)));
        const shared = await server.running();
        if (shared) {
          await leaveQuiet(shared.admin).catch((error: unknown) => report.failed(name, "the end", 0, error));
          await images.harvest(shared.studio.dataDir);
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
      else if (!(await report.unlessItFails(name, step.name, () => limited(step), trace, step))) failed = step.name;
  }

  async function stageOf(journey: Journey, windows: Watched[], studios: RunningStudio[], deferred: (() => unknown)[]): Promise<Stage> {
    const lanes = await model.get();
    lanes.setScript(script([]));
    lanes.setTokenDelay(0);
    lanes.requests.length = 0;
    const shared = journey.ownServer === undefined ? await server.get() : undefined;
    if (shared) {
      studios.push(shared.studio);
      // The token of long ago is over.
      await shared.admin.signIn();
    }
    let itsOwn: RunningStudio | undefined;
    const studioOf = (named: RunningStudio | undefined) => named ?? missing(itsOwn ?? shared?.studio, "a server");
    const stage: Stage = {
      get studio() {
        return studioOf(undefined);
      },
      get admin() {
        return missing(shared?.admin, "the lane's administrator");
      },
      model: lanes,
      services: await services.get(),
      isMain,
      isWhole,
      signUp: (name) => signUp(stage.studio.url, name),
      async openWindow(options, own) {
        const watched = await openWindow(await browserInUse(), studioOf(own).url, options);
        windows.push(watched);
        return watched;
      },
      async openScene(own) {
        const studio = studioOf(own);
        const account = await signUp(studio.url);
        const project = await createProject(account, "Alder Street Bakery", "static");
        const watched = await stage.openWindow({}, studio);
        return { studio, account, project, watched, page: watched.page };
      },
      async startStudio(env) {
        if (journey.ownServer === undefined) throw new Error("a journey with a server of its own says why");
        const studio = await startStudio(env, { images });
        itsOwn = studio;
        studios.push(studio);
        deferred.push(() => studio.close());
        return studio;
      },
      defer: (work) => void deferred.push(work),
    };
    return stage;
  }

  async function browserInUse(): Promise<Browser> {
    const now = await browser.get();
    if (now.isConnected()) return now;
    // It crashed; who used it has failed.
    browser.forget();
    return browser.get();
  }
}

/** Nothing of a journey runs on while others are at it. */
async function leaveQuiet({ api, signIn }: Account): Promise<void> {
  await signIn();
  const { items } = await api.adminSandboxes.list({ query: { limit: 100 } });
  for (const { id } of items) await api.adminProjects.stop({ params: { id }, body: { reason: "The journey is over." } });
}

/** For a journey that asks for nothing. */
const bareStage = new Proxy({} as Stage, {
  get: (_, name) => missing(undefined, String(name)),
});

const missing = <T>(given: T | undefined, what: string): T => {
  if (given === undefined) throw new Error(`${what} is not there for a journey of this kind`);
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

/** Started when it is first asked for. */
function once<T>(start: () => Promise<T>) {
  let started: Promise<T> | undefined;
  return {
    get: () => (started ??= start()),
    running: async (): Promise<T | undefined> => started?.catch(() => undefined),
    forget: () => (started = undefined),
  };
}
