import type { Container } from "@tesslate/contract";
import { crashError, fixRequest, headline, isFailureReport } from "@tesslate/contract/app-errors";
import { plainLine } from "../../lib/ansi.ts";
import type { ContainerNews, PreviewPhase } from "./preview-phase.ts";
import { appErrorOf, currentProblems, type Reports } from "./problems.ts";

/** Why the app does not work: a container crashed, or the page or a build reports errors. All texts come from the app. */
export interface AppFailure {
  /** Same cause, same key. */
  key: string;
  kind: "crash" | "error";
  title: string;
  /** The first line of the error. */
  message: string;
  /** `src/App.tsx:12:5`, where known. */
  place: string | undefined;
  at: string | undefined;
  /** How often it happened. */
  count: number;
  /** Number of other current errors. */
  more: number;
  /** What the agent gets. */
  request: { message: string; details: string };
}

/** `crash`: the container that failed, with the details of its failure. */
export function appFailure(
  phase: PreviewPhase["kind"],
  crash: (ContainerNews & { container: Pick<Container, "name" | "directory"> }) | undefined,
  reports: Reports,
): AppFailure | undefined {
  if (crash && (phase === "crashed" || phase === "running")) {
    const { container, exitCode, message, lastLines, at, restarts = 0 } = crash;
    const error = crashError({
      container: container.name,
      directory: container.directory,
      reason: message ?? "The process exited.",
      lastLines: lastLines.map(plainLine),
    });
    return {
      key: `crash|${container.name}|${error.message}|${error.place ?? ""}`,
      kind: "crash",
      title: exitCode === undefined ? `${container.name} crashed` : `${container.name} crashed (exit ${exitCode})`,
      message: headline(error.message),
      place: error.place,
      at,
      count: restarts + 1,
      more: 0,
      request: fixRequest([error]),
    };
  }
  if (phase !== "running") return undefined;
  // Failed requests and lines of the console are in Problems; the app may work in spite of them.
  const errors = currentProblems(reports).filter((problem) => problem.kind === "log" || isFailureReport(problem));
  const last = errors.at(-1);
  if (!last) return undefined;
  return {
    key: last.key,
    kind: "error",
    title: last.source ? `${last.source} reports an error` : "The app reports an error",
    message: headline(last.message),
    place: last.place,
    at: last.at,
    count: last.count,
    more: errors.length - 1,
    request: fixRequest(errors.toReversed().map(appErrorOf)),
  };
}
