import type { LaunchReport, LaunchCheck } from "@tesslate/contract";
import type { Logger } from "../../../platform/logger.ts";
import type { FindBrowsers } from "../../agent/verify/index.ts";
import { inspectAdvisories } from "./advisories.ts";
import type { LaunchArtifact } from "./artifact.ts";
import { inspectBuild } from "./build.ts";
import { accessibilityVerdict, pagesVerdict, tour, type Tour } from "./pages.ts";
import { reportOf, skipped, type LaunchInput, type Verdict } from "./report.ts";
import { inspectSecrets, projectFinder } from "./secrets.ts";
import { serverSite, serveArtifact } from "./site.ts";
import { watchTraffic, type Traffic } from "./traffic.ts";
import { inspectWeight } from "./weight.ts";

/** Checks a version before it goes live. */
export interface LaunchGate {
  /** Takes at most 60 s. Rejects only when `signal` aborts; a check that could not run is `skipped`. */
  inspect(input: LaunchInput): Promise<LaunchReport>;
}

const limitMs = 55_000;

export function createLaunchGate({
  browsers: findBrowsers,
  log,
  auditMs = 10_000,
}: {
  browsers: FindBrowsers;
  log: Logger;
  /** Time limit for the package registry. */
  auditMs?: number;
}): LaunchGate {
  return {
    async inspect(input) {
      const started = performance.now();
      const { artifact, sources } = input;
      const signal = AbortSignal.any([input.signal, AbortSignal.timeout(limitMs)]);
      /** A check that fails or times out is skipped, not failed. */
      const runCheck = async (check: LaunchCheck, work: Promise<Verdict>): Promise<Verdict> => {
        try {
          const verdict = await orAborted(signal, work);
          input.log(`${check}: ${verdict.summary}`);
          return verdict;
        } catch (err) {
          input.signal.throwIfAborted();
          log.warn({ err, check }, "launch check failed to run");
          return skipped(check, signal.aborted ? "The check ran out of time." : "This server could not run the check.");
        }
      };
      const traffic = watchTraffic(input.kind === "server" ? projectFinder(input.secrets) : undefined);
      const seen = look(input, artifact, traffic, signal);
      // Each check handles the failure itself.
      seen.catch(() => undefined);
      const responseSecrets = seen.then(
        () => traffic.secrets(),
        () => traffic.secrets(),
      );
      const weighed = seen.then(({ firstPage, stopped }) => inspectWeight(artifact, input, firstPage, stopped));
      const verdicts = await Promise.all([
        runCheck("build", Promise.resolve(inspectBuild(artifact, input))),
        runCheck(
          "pages",
          seen.then((tour) => pagesVerdict(tour, artifact, input)),
        ),
        runCheck("secrets", inspectSecrets({ artifact, sources }, input, responseSecrets, signal)),
        runCheck("accessibility", seen.then(accessibilityVerdict)),
        runCheck(
          "weight",
          weighed.then(({ verdict }) => verdict),
        ),
        runCheck("advisories", inspectAdvisories(input, auditMs, signal)),
      ]);
      input.signal.throwIfAborted();
      const weight = await weighed.then(
        ({ weight: known }) => known,
        () => inspectWeight(artifact, input, [], undefined).weight,
      );
      return reportOf(input, verdicts, weight, performance.now() - started);
    },
  };

  /** Each page in isolation: the browser reaches only the artifact. */
  async function look(input: LaunchInput, artifact: LaunchArtifact, traffic: Traffic, signal: AbortSignal): Promise<Tour> {
    const nothing = { visits: [], accessibility: new Map(), firstPage: [] };
    const browsers = findBrowsers();
    if ("missing" in browsers) return { ...nothing, stopped: `This server has no browser: ${browsers.missing}` };
    const { kind, server, spaFallback } = input;
    const { tap } = traffic;
    if (kind === "server" && !server) return { ...nothing, stopped: "The production build was not started." };
    const site = kind === "server" && server ? serverSite(server, { tap }) : serveArtifact(artifact, { spaFallback, tap });
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
