import { randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileSync, readdirSync } from "node:fs";
import type { BrowserContext } from "playwright-core";
import type { Logger } from "../../../platform/logger.ts";
import { bubblewrapped, type Chromium } from "./chromium.ts";

export interface BrowserLimits {
  /** At once, on this server. */
  maxOpen: number;
  /** Of one browser, all its processes together. */
  maxMemoryBytes: number;
}
export interface OpenBrowser extends AsyncDisposable {
  context: BrowserContext;
  /** Why it was ended from outside, if it was. */
  ended(): string | undefined;
}

const waitMs = 60_000;
const watchMs = 1000;
export const viewport = { width: 1280, height: 800 };

/** Chromiums for single visits: each with a profile and processes of its own, ended with its signal, with us, and after too much memory. */
export type Browsers = ReturnType<typeof createBrowsers>;
export function createBrowsers({ chromium, dir, limits, log }: { chromium: Chromium; dir: string; limits: BrowserLimits; log: Logger }) {
  const open = new Set<() => Promise<void>>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  let isClosed = false;

  const takePlace = async (signal: AbortSignal): Promise<void> => {
    if (taken < limits.maxOpen) {
      taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const gone = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
      const enter = () => {
        gone.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal.aborted ? (signal.reason as Error) : new NoPlace());
      };
      gone.addEventListener("abort", leave, { once: true });
      waiting.push(enter);
    });
  };
  const freePlace = () => {
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
    const { executable, walls } = chromium;
    const argv = walls === "bubblewrap" ? bubblewrapped(executable, profile) : [executable];
    // Playwright starts one program; this one leaves its pid and becomes the walled browser.
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
        // It did not come as far as a pid.
      }
    };
    const stop = () => kill();
    signal.addEventListener("abort", stop, { once: true });
    const watch = setInterval(() => {
      try {
        if (memoryOf(pid()) <= limits.maxMemoryBytes) return;
        why = `The page took more than ${Math.round(limits.maxMemoryBytes / 2 ** 20)} MB of memory and was ended.`;
        kill();
      } catch {
        // Not there yet, or no more.
      }
    }, watchMs);
    const end = async () => {
      clearInterval(watch);
      signal.removeEventListener("abort", stop);
      kill();
      await context?.close().catch(() => undefined);
      await rm(home, { recursive: true, force: true, maxRetries: 5 }).catch((err: unknown) =>
        log.warn({ err }, "browser profile left behind"),
      );
    };
    let context: BrowserContext | undefined;
    try {
      const { chromium: playwright } = await import("playwright-core");
      signal.throwIfAborted();
      context = await playwright.launchPersistentContext(profile, {
        executablePath: program,
        headless: true,
        chromiumSandbox: walls === "own",
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        timeout: 30_000,
        env: { PATH: "/usr/bin:/bin", HOME: profile },
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
    /** Waits for a place (at most 60 s, else `NoPlace`) and starts one. */
    open: async (options: Parameters<typeof launch>[0], signal: AbortSignal): Promise<OpenBrowser> => {
      signal.throwIfAborted();
      if (isClosed) throw new NoPlace();
      await takePlace(signal);
      try {
        const browser = await launch(options, signal);
        const dispose = browser[Symbol.asyncDispose].bind(browser);
        return {
          ...browser,
          [Symbol.asyncDispose]: async () => {
            await dispose();
            freePlace();
          },
        };
      } catch (error) {
        freePlace();
        throw error;
      }
    },
    /** Ends what a server that was killed left behind, and its profiles. Called once, before the first one is opened. */
    reconcile: async (): Promise<void> => {
      for (const name of await readdir(dir).catch(() => [] as string[])) {
        const home = join(dir, name);
        const pid = Number(await readFile(join(home, "pid"), "utf8").catch(() => "0"));
        // The number may belong to somebody else by now: only what names this profile is ours.
        if (pid > 0 && commandOf(pid).includes(join(home, "profile"))) killGroup(pid);
        await rm(home, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    close: async (): Promise<void> => {
      isClosed = true;
      await Promise.all([...open].map((end) => end()));
    },
  };
}

export class NoPlace extends Error {
  constructor() {
    super("All browsers of this server are busy. Try again in a minute.");
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const commandOf = (pid: number): string => {
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
      // Gone already.
    }
}

/** What a process and everything below it have for themselves, in bytes; 0 where /proc is missing. */
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
      // It ended while it was looked at.
    }
  return total;
}
