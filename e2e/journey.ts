import { setTimeout as sleep } from "node:timers/promises";
import type { ModelServer } from "@tesslate/testkit";
import type { Account } from "./account.ts";
import type { Watched, WindowOptions } from "./browser.ts";
import type { Scene } from "./scene.ts";
import type { Services } from "./services.ts";
import type { RunningStudio } from "./studio.ts";

/** Something that a person does, or a machine, to an end that can be seen. Steps of a journey build on each other. */
export interface Step {
  name: string;
  run(): Promise<void>;
  /** Belongs to the main job: `--main` takes it, and the steps like it of its journey, in their order. */
  isMain?: boolean;
  /** How many checks it stands for. Default 1. */
  count?(): number;
}

/** What a journey is given. All of it ends with the journey, or with the lane that it runs in. */
export interface Stage {
  /** The lane's server, which other journeys use before and after: people and projects of one's own, and no stopping it. Or its own, once it is started. */
  studio: RunningStudio;
  /** The first account of the lane's server: its administrator. */
  admin: Account;
  /** The lane's scripted model, without a script and without a request so far. */
  model: ModelServer;
  /** Services of others that the lane's server is set up for. */
  services: Services;
  /** Only the steps of the main job are run. */
  isMain: boolean;
  /** What goes on for minutes is wanted, too. */
  isWhole: boolean;
  /** Whoever else is needed. */
  signUp(name?: string): Promise<Account>;
  openWindow(options?: WindowOptions, studio?: RunningStudio): Promise<Watched>;
  /** One person, one project and one window on the lane's server. */
  openScene(studio?: RunningStudio): Promise<Scene>;
  /** A server of the journey's own, for those that say so. */
  startStudio(env?: Record<string, string>): Promise<RunningStudio>;
  /** Done when the journey has ended, the last first. */
  defer(work: () => unknown): void;
}

export interface Plan {
  /** Why it cannot share the lane's server: it then starts what it needs. */
  ownServer?: string;
  /** It looks at files alone: no server, no browser, no model. */
  isBare?: boolean;
  /** Templates whose images it needs; default `static`. */
  templates?: readonly string[];
  /** Some of its steps are of the main job. */
  hasMain?: boolean;
  /** With `--whole` it holds times: after all others, beside nothing. */
  isMeasured?: boolean;
}

export interface Journey extends Plan {
  open(stage: Stage): Promise<Step[]> | Step[];
}

/** `open` makes ready what the steps share. */
export function journey(plan: Plan, open: Journey["open"]): Journey {
  return { ...plan, open };
}

export function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Something worth reading beside the result of a step. */
export function note(text: string): void {
  process[process.env["TEST_RUN"] === "1" ? "stderr" : "stdout"].write(`     ${text}\n`);
}

/** Polls until `probe` gives something truthy. */
export async function until<T>(what: string, probe: () => Promise<T> | T, timeoutMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}
