import type { LaunchReport, LaunchRule, LaunchSettings } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { Browsers } from "../../agent/verify/index.ts";
import { inspectAdvisories } from "./advisories.ts";
import { listArtefact, type Artifact } from "./artifact.ts";
import { inspectBuild } from "./build.ts";
import { accessibilityVerdict, pagesVerdict, tour, type Tour } from "./pages.ts";
import { reportOf, skipped, type Verdict } from "./report.ts";
import { inspectSecrets, projectFinder } from "./secrets.ts";
import { serverSite, staticSite } from "./site.ts";
import { watchTraffic, type Traffic } from "./traffic.ts";
import { inspectWeight } from "./weight.ts";

/** What is about to go out. */
export interface LaunchInput {
  /** Folder on this machine with what was built. Nobody writes there meanwhile; links in it are not followed. */
  dir: string;
  /** Folder with the sources that are sent along to be built elsewhere: nobody should read secrets there either. */
  sources?: string;
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

const limitMs = 55_000;

export function createLaunchGate({
  browsers,
  log,
  auditMs = 10_000,
}: {
  browsers: Browsers | { missing: string };
  log: Logger;
  /** How long the package registry may take. */
  auditMs?: number;
}): LaunchGate {
  return {
    async inspect(input) {
      const started = performance.now();
      const artifact = await listArtefact(input.dir);
      const sources = input.sources === undefined ? undefined : await listArtefact(input.sources);
      const signal = AbortSignal.any([input.signal, AbortSignal.timeout(limitMs)]);
      /** A rule that breaks, or takes too long, is no verdict on the artifact. */
      const ask = async (rule: LaunchRule, work: Promise<Verdict>): Promise<Verdict> => {
        try {
          const verdict = await orAborted(signal, work);
          input.log(`${rule}: ${verdict.summary}`);
          return verdict;
        } catch (err) {
          input.signal.throwIfAborted();
          log.warn({ err, rule }, "launch rule not asked");
          return skipped(rule, signal.aborted ? "There was no time for it." : "It could not be checked on this server.");
        }
      };
      const traffic = watchTraffic(input.kind === "server" ? projectFinder(input.secrets) : undefined);
      const seen = look(input, artifact, traffic, signal);
      // Each rule tells for itself that there was nothing to see.
      seen.catch(() => undefined);
      const answered = seen.then(
        () => traffic.secrets(),
        () => traffic.secrets(),
      );
      const weighed = seen.then(({ firstPage, stopped }) => inspectWeight(artifact, input, firstPage, stopped));
      const verdicts = await Promise.all([
        ask("build", Promise.resolve(inspectBuild(artifact, input))),
        ask(
          "pages",
          seen.then((tour) => pagesVerdict(tour, artifact, input)),
        ),
        ask("secrets", inspectSecrets({ artifact, sources }, input, answered, signal)),
        ask("accessibility", seen.then(accessibilityVerdict)),
        ask(
          "weight",
          weighed.then(({ verdict }) => verdict),
        ),
        ask("advisories", inspectAdvisories(input, auditMs, signal)),
      ]);
      input.signal.throwIfAborted();
      const weight = await weighed.then(
        ({ weight: known }) => known,
        () => inspectWeight(artifact, input, [], undefined).weight,
      );
      return reportOf(input, verdicts, weight, performance.now() - started);
    },
  };

  /** Every page by itself: nothing but the artifact is reached from there. */
  async function look(input: LaunchInput, artifact: Artifact, traffic: Traffic, signal: AbortSignal): Promise<Tour> {
    const nothing = { visits: [], accessibility: new Map(), firstPage: [] };
    if ("missing" in browsers) return { ...nothing, stopped: `This server has no browser: ${browsers.missing}` };
    const { kind, address, spaFallback } = input;
    const { tap } = traffic;
    if (kind === "server" && !address) return { ...nothing, stopped: "The production build was not started." };
    const site = kind === "server" && address ? serverSite(address, { tap }) : staticSite(artifact, { spaFallback, tap });
    return tour({ browsers, site, traffic, artifact, kind, spaFallback }, signal);
  }
}

function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const give = () => aborted.reject(signal.reason as Error);
  if (signal.aborted) give();
  signal.addEventListener("abort", give, { once: true });
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener("abort", give));
}
