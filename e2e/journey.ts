import { setTimeout as sleep } from "node:timers/promises";
import type { ModelServer } from "@tesslate/testkit";
import type { Account } from "./account.ts";
import type { WatchedWindow, WindowOptions } from "./browser.ts";
import type { OpenProject } from "./open-project.ts";
import type { Services } from "./services.ts";
import type { RunningStudio } from "./studio.ts";

/** An action with a visible result. Steps of a journey depend on the ones before. */
export interface Step {
  name: string;
  run(): Promise<void>;
  /** Part of the main user flow: `--main` runs only these steps. */
  isMain?: boolean;
  /** Number of checks that it includes. Default 1. */
  count?(): number;
}

/** Everything a journey uses. It is closed with the journey, or with its lane. */
export interface JourneyContext {
  /**
   * The lane's server, shared with other journeys: create your own people and projects, and do not stop it. After `startStudio`, the journey's
   * own server.
   */
  studio: RunningStudio;
  /** The first account of the lane's server: its administrator. */
  admin: Account;
  /** The lane's scripted model, without a script and without requests. */
  model: ModelServer;
  /** External services that the lane's server is configured for. */
  services: Services;
  /** Only the steps of the main user flow run. */
  isMain: boolean;
  /** Also run what takes minutes (`--whole`). */
  isWhole: boolean;
  /** Creates another account. */
  signUp(name?: string): Promise<Account>;
  openWindow(options?: WindowOptions, studio?: RunningStudio): Promise<WatchedWindow>;
  /** Creates one account with one project and opens one window on the lane's server. */
  openProject(studio?: RunningStudio): Promise<OpenProject>;
  /** Starts a server for this journey only; requires `ownServer`. */
  startStudio(env?: Record<string, string>): Promise<RunningStudio>;
  /** Runs when the journey has ended, in reverse order. */
  defer(work: () => unknown): void;
}

export interface JourneyOptions {
  /** Why it cannot share the lane's server. It then starts its own. */
  ownServer?: string;
  /** Reads files only: no server, browser or model. */
  needsNothing?: boolean;
  /** Templates whose images it needs; default `static`. */
  templates?: readonly string[];
  /** Some of its steps belong to the main user flow. */
  hasMain?: boolean;
  /** With `--whole` it enforces times, so it runs after all others and alone. */
  isMeasured?: boolean;
}

export interface Journey extends JourneyOptions {
  open(context: JourneyContext): Promise<Step[]> | Step[];
}

/** `open` prepares what the steps share. */
export function journey(options: JourneyOptions, open: Journey["open"]): Journey {
  return { ...options, open };
}

export function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Prints a detail beside the result of a step. */
export function note(text: string): void {
  process[process.env["TEST_RUN"] === "1" ? "stderr" : "stdout"].write(`     ${text}\n`);
}

/** Polls until `probe` returns a truthy value. */
export async function until<T>(what: string, probe: () => Promise<T> | T, timeoutMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}
