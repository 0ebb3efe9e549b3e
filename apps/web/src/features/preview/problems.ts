import type { PreviewReport, ProjectEventData } from "@tesslate/contract";
import type { AppError } from "@tesslate/contract/app-errors";
import { plainLine } from "../../lib/ansi.ts";

/** A problem of the running app. All of it comes from the app: it is displayed as plain text only. */
export interface Problem {
  /** Same cause, same key. */
  key: string;
  kind: "error" | "console" | "request" | "log";
  /** The container whose output has it; undefined for problems of the page. */
  source?: string;
  message: string;
  /** `src/App.tsx:12:5`, where known. */
  place: string | undefined;
  stack: string | undefined;
  url: string | undefined;
  count: number;
  at: string;
  /** It happened before the app's page was loaded again. Such problems are neither counted nor sent to the agent. */
  isOld: boolean;
}
export interface ConsoleLine {
  id: number;
  level: "log" | "info" | "warn" | "error" | "debug";
  text: string;
  at: string;
  place: string | undefined;
}
/** What the app has reported since the workbench was opened; the event stream does not repeat earlier events. */
export interface Reports {
  problems: readonly Problem[];
  console: readonly ConsoleLine[];
  /** The path of the frame, as reported to the server. */
  path: string | undefined;
}
export const noReports: Reports = { problems: [], console: [], path: undefined };

export type ReportAction =
  | { type: "report"; report: PreviewReport; seq: number; at: string }
  | { type: "log"; problem: ProjectEventData<"log_problem">; containerName: string; at: string }
  | { type: "clear-problems" }
  | { type: "clear-console" }
  | { type: "restarted" };

const keptProblems = 100;
const keptLines = 500;

/** A source URL as a file path, without host and build query. */
export function sourceLocation(source: string | undefined, line: number | undefined, column: number | undefined): string | undefined {
  if (!source) return undefined;
  let path = source;
  try {
    path = new URL(source, "http://x").pathname;
  } catch {
    // Not a URL.
  }
  const file = path.replace(/^\/+(@fs\/)?/, "").replace(/^app\//, "") || path;
  return [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");
}

function problemOf(report: PreviewReport, at: string): Problem | undefined {
  const place = sourceLocation(report.source, report.line, report.column);
  if (report.kind === "error" || (report.kind === "console" && report.level === "error")) {
    const message = report.message?.trim() || "Unknown error";
    return {
      key: `${message}|${place ?? ""}`,
      kind: report.kind === "error" ? "error" : "console",
      message,
      place,
      stack: report.stack,
      url: report.url,
      count: 1,
      at,
      isOld: false,
    };
  }
  if (report.kind === "request") {
    const status = report.status ?? 0;
    if (status > 0 && status < 400) return undefined;
    const target = report.url ?? "";
    const method = report.method ?? "GET";
    const message = status === 0 ? `${method} ${target} failed` : `${method} ${target} returned ${status}`;
    return { key: message, kind: "request", message, place, stack: report.stack, url: report.url, count: 1, at, isOld: false };
  }
  return undefined;
}

const aged = (problems: readonly Problem[]): readonly Problem[] =>
  problems.some((problem) => !problem.isOld) ? problems.map((problem) => ({ ...problem, isOld: true })) : problems;

/** Newest last; a repeated problem increases its count. */
function withProblem(state: Reports, problem: Problem): Reports {
  const known = state.problems.find((candidate) => candidate.key === problem.key);
  const count = known && !known.isOld ? known.count + 1 : 1;
  const others = state.problems.filter((candidate) => candidate !== known);
  return { ...state, problems: [...others, { ...problem, count }].slice(-keptProblems) };
}

export function reportsReducer(state: Reports, action: ReportAction): Reports {
  switch (action.type) {
    case "clear-problems":
      return { ...state, problems: [] };
    case "clear-console":
      return { ...state, console: [] };
    case "restarted":
      return { ...state, problems: aged(state.problems) };
    case "log": {
      const { message, place, lines } = action.problem;
      return withProblem(state, {
        key: `${action.problem.container_id}|${message}|${place ?? ""}`,
        kind: "log",
        source: action.containerName,
        message: plainLine(message),
        place,
        stack: lines.map(plainLine).join("\n"),
        url: undefined,
        count: 1,
        at: action.at,
        isOld: false,
      });
    }
    case "report": {
      const { report, at, seq } = action;
      if (report.kind === "navigation") return { ...state, path: report.url ?? state.path, problems: aged(state.problems) };
      let next = state;
      if (report.kind === "console") {
        const line: ConsoleLine = {
          id: seq,
          level: report.level ?? "log",
          text: report.message ?? "",
          at,
          place: sourceLocation(report.source, report.line, report.column),
        };
        next = { ...next, console: [...next.console, line].slice(-keptLines) };
      }
      const problem = problemOf(report, at);
      return problem ? withProblem(next, problem) : next;
    }
  }
}

export const currentProblems = (reports: Reports): Problem[] => reports.problems.filter((problem) => !problem.isOld);

export const appErrorOf = ({ kind, message, place, stack, url, source, count }: Problem): AppError => ({
  message,
  place,
  stack,
  url: kind === "request" ? undefined : url,
  container: source,
  count,
});
