import { randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileSync, readdirSync } from "node:fs";
import type { BrowserContext } from "playwright-core";
import type { Logger } from "../../../platform/logger.ts";
import { bubblewrapped, variablesOf, type Chromium } from "./chromium.ts";

export interface BrowserLimits {
  /** At the same time on this server. */
  maxOpen: number;
  /** Per browser, for all its processes. */
  maxMemoryBytes: number;
}
export interface OpenBrowser extends AsyncDisposable {
  context: BrowserContext;
  /** Why it was stopped, if it was. */
  ended(): string | undefined;
}

const waitMs = 60_000;
const watchMs = 1000;
export const viewport = { width: 1280, height: 800 };

/** Chromium instances for single visits, each with its own profile and processes. They are stopped by their signal, with this process, and at the memory limit. */
export type Browsers = ReturnType<typeof createBrowsers>;
/** The browsers as they are now: an administrator can install and remove them while the server runs. */
export type FindBrowsers = () => Browsers | { missing: string };
export function createBrowsers({ chromium, dir, limits, log }: { chromium: Chromium; dir: string; limits: BrowserLimits; log: Logger }) {
  const open = new Set<() => Promise<void>>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  let isClosed = false;

  const acquireSlot = async (signal: AbortSignal): Promise<void> => {
    if (taken < limits.maxOpen) {
      taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waitSignal = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
      const enter = () => {
        waitSignal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal.aborted ? (signal.reason as Error) : new BrowsersBusy());
      };
      waitSignal.addEventListener("abort", leave, { once: true });
      waiting.push(enter);
    });
  };
  const releaseSlot = () => {
    const next = waiting.shift();
    if (next) next();
    else taken -= 1;
  };

  const launch = async (
    options: { proxy: { server: string; username: string; password: string }; trustedOrigins: readonly string[] },
    signal: AbortSignal,
  ): Promise<OpenBrowser> => {
    const home = join(dir, randomUUID());
    const profile = join(home, "profile");
    await mkdir(profile, { recursive: true, mode: 0o700 });
    const { executable, isolation, folder } = chromium;
    const argv = isolation === "bubblewrap" ? bubblewrapped(executable, profile, folder) : [executable];
    // Playwright starts this program, which writes its pid and executes the isolated browser.
    const program = join(home, "browser");
    await writeFile(program, `#!/bin/sh\necho $$ > ${quoted(join(home, "pid"))}\nexec ${argv.map(quoted).join(" ")} "$@"\n`, {
      mode: 0o700,
    });
    let why: string | undefined;
    const pid = () => Number(readFileSync(join(home, "pid"), "utf8"));
    const kill = () => {
      try {
        killGroup(pid());
      } catch {
        // It has no pid yet.
      }
    };
    const stop = () => kill();
    signal.addEventListener("abort", stop, { once: true });
    const watch = setInterval(() => {
      try {
        if (memoryOf(pid()) <= limits.maxMemoryBytes) return;
        why = `The page used more than ${Math.round(limits.maxMemoryBytes / 2 ** 20)} MB of memory and was stopped.`;
        kill();
      } catch {
        // Not started yet, or already exited.
      }
    }, watchMs);
    const end = async () => {
      clearInterval(watch);
      signal.removeEventListener("abort", stop);
      kill();
      await context?.close().catch(() => undefined);
      await rm(home, { recursive: true, force: true, maxRetries: 5 }).catch((err: unknown) =>
        log.warn({ err }, "browser profile not deleted"),
      );
    };
    let context: BrowserContext | undefined;
    try {
      const { chromium: playwright } = await import("playwright-core");
      signal.throwIfAborted();
      context = await playwright.launchPersistentContext(profile, {
        executablePath: program,
        headless: true,
        chromiumSandbox: isolation === "own",
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        timeout: 30_000,
        env: { PATH: "/usr/bin:/bin", HOME: profile, ...variablesOf(folder) },
        proxy: { ...options.proxy, bypass: "<-loopback>" },
        viewport,
        reducedMotion: "reduce",
        acceptDownloads: false,
        permissions: [],
        args: [
          "--disable-gpu",
          "--disable-quic",
          "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
          "--renderer-process-limit=3",
          "--disk-cache-size=33554432",
          "--js-flags=--max-old-space-size=512",
          `--unsafely-treat-insecure-origin-as-secure=${options.trustedOrigins.join(",")}`,
        ],
      });
      signal.throwIfAborted();
    } catch (error) {
      await end();
      signal.throwIfAborted();
      throw error;
    }
    const ready = context;
    open.add(end);
    return {
      context: ready,
      ended: () => why,
      [Symbol.asyncDispose]: async () => {
        open.delete(end);
        await end();
      },
    };
  };

  return {
    /** Waits for a free slot (at most 60 s, else `BrowsersBusy`) and starts a browser. */
    open: async (options: Parameters<typeof launch>[0], signal: AbortSignal): Promise<OpenBrowser> => {
      signal.throwIfAborted();
      if (isClosed) throw new BrowsersBusy();
      await acquireSlot(signal);
      try {
        const browser = await launch(options, signal);
        const dispose = browser[Symbol.asyncDispose].bind(browser);
        return {
          ...browser,
          [Symbol.asyncDispose]: async () => {
            await dispose();
            releaseSlot();
          },
        };
      } catch (error) {
        releaseSlot();
        throw error;
      }
    },
    /** Whether one is open. */
    isBusy: (): boolean => taken > 0,
    /** Stops browsers that a killed server left running and deletes their profiles. Called once at startup. */
    reconcile: async (): Promise<void> => {
      for (const name of await readdir(dir).catch(() => [] as string[])) {
        const home = join(dir, name);
        const pid = Number(await readFile(join(home, "pid"), "utf8").catch(() => "0"));
        // The pid may have been reused: only a process with this profile is ours.
        if (pid > 0 && commandLine(pid).includes(join(home, "profile"))) killGroup(pid);
        await rm(home, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    close: async (): Promise<void> => {
      isClosed = true;
      await Promise.all([...open].map((end) => end()));
    },
  };
}

export class BrowsersBusy extends Error {
  constructor() {
    super("All browsers of this server are busy. Try again in a minute.");
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
};

/** Playwright makes the program the leader of a group of its own. */
function killGroup(pid: number): void {
  for (const target of [-pid, pid])
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // Already exited.
    }
}

/** Private memory of a process and its descendants, in bytes; 0 without /proc. */
function memoryOf(pid: number): number {
  let total = 0;
  const queue = [pid];
  for (let at = queue.pop(); at !== undefined; at = queue.pop())
    try {
      const [, resident = 0, shared = 0] = readFileSync(`/proc/${at}/statm`, "utf8").split(" ").map(Number);
      total += Math.max(0, resident - shared) * 4096;
      for (const task of readdirSync(`/proc/${at}/task`))
        queue.push(...readFileSync(`/proc/${at}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number));
    } catch {
      // It exited in the meantime.
    }
  return total;
}
