import type { LaunchReport, LaunchRule, LaunchSettings } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../platform/logger.ts";
import type { Browsers } from "../verify/index.ts";
import { listArtefact } from "./artefact.ts";
import { inspectBuild } from "./build.ts";
import { reportOf, skipped, type Verdict } from "./report.ts";

/** What is about to go out. */
export interface LaunchInput {
  /** Folder on this machine with what was built. Nobody writes there meanwhile; links in it are not followed. */
  dir: string;
  /** `static`: all of it will be served to visitors. `server`: a program of it answers them; only its public folders and what it answers count. */
  kind: "static" | "server";
  /** Of a `server`: where the production build listens, as this process can dial it. */
  address?: { host: string; port: number };
  /** Unknown paths are answered with `index.html`. */
  spaFallback: boolean;
  /** Lines of the build that somebody should see. */
  buildWarnings?: readonly string[];
  /** Where the package manager can be asked about its lock file: a sandbox with the sources, and the container's folder in it. */
  source?: { sandbox: Pick<Sandbox, "exec" | "files">; directory: string };
  /** Every value of the project that must not be seen, under its variable's name. */
  secrets: readonly { name: string; value: string }[];
  settings: LaunchSettings;
  /** Rules that shall not block this time. */
  ignoreRules?: readonly LaunchRule[];
  log(line: string): void;
  signal: AbortSignal;
}

/** Looks at what was built before visitors do. */
export interface LaunchGate {
  /** Within 60 s. Rejects only when `signal` aborts or the folder cannot be read; a rule that could not be asked is `skipped`. */
  inspect(input: LaunchInput): Promise<LaunchReport>;
}

const limitMs = 60_000;

export function createLaunchGate({ log }: { browsers: Browsers | { missing: string }; log: Logger }): LaunchGate {
  /** A rule that breaks is no verdict on the artefact. */
  const ask = async (rule: LaunchRule, work: Promise<Verdict>, signal: AbortSignal): Promise<Verdict> =>
    work.catch((err: unknown) => {
      signal.throwIfAborted();
      log.warn({ err, rule }, "launch rule not asked");
      return skipped(rule, "It could not be checked on this server.");
    });
  return {
    async inspect(input) {
      const started = performance.now();
      const artefact = await listArtefact(input.dir);
      const signal = AbortSignal.any([input.signal, AbortSignal.timeout(limitMs)]);
      const verdicts = [await ask("build", Promise.resolve(inspectBuild(artefact, input)), signal)];
      input.signal.throwIfAborted();
      return reportOf(input, verdicts, null, performance.now() - started);
    },
  };
}
