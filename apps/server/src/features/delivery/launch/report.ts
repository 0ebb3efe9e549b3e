import type { LaunchFinding, LaunchReport, LaunchCheck, LaunchSettings } from "@tesslate/contract";
import type { Sandbox, SandboxPort } from "@tesslate/runtime";
import type { LaunchArtifact } from "./artifact.ts";

/** The version to check. */
export interface LaunchInput {
  /** The build output. Not modified during the check. */
  artifact: LaunchArtifact;
  /** Sources that are uploaded to a provider, checked for secrets too. */
  sources?: LaunchArtifact;
  /** `static`: everything is served to visitors. `server`: only public folders and responses are checked. */
  kind: "static" | "server";
  /** For `server`: where the production build listens, as reachable from this process. */
  server?: SandboxPort;
  /** Serve `index.html` for unknown paths. */
  spaFallback: boolean;
  /** Build log lines to report as warnings. */
  buildWarnings?: readonly string[];
  /** The sandbox with the sources and the container's folder in it, to run the package manager's audit. */
  source?: { sandbox: Pick<Sandbox, "exec" | "files">; directory: string };
  /** The project's secret values with their variables' names. */
  secrets: readonly { name: string; value: string }[];
  settings: LaunchSettings;
  /** Checks that must not block this time. */
  ignoredChecks?: readonly LaunchCheck[];
  log(line: string): void;
  signal: AbortSignal;
}

/** Result of one check. */
export interface Verdict {
  rule: LaunchCheck;
  status: LaunchReport["rules"][number]["status"];
  summary: string;
  findings: LaunchFinding[];
}

const maxFindings = 100;
const maxMessage = 500;
const gravity = ["info", "minor", "serious", "critical"] as const;
const order: readonly LaunchCheck[] = ["build", "pages", "secrets", "accessibility", "weight", "advisories"];

export const skipped = (rule: LaunchCheck, reason: string): Verdict => ({ rule, status: "skipped", summary: reason, findings: [] });

/** Failed by serious or critical findings, warned by minor ones; `info` does neither. */
export function verdictOf(rule: LaunchCheck, summary: string, findings: LaunchFinding[]): Verdict {
  const worst = Math.max(0, ...findings.map(({ severity }) => gravity.indexOf(severity)));
  return { rule, status: worst >= 2 ? "failed" : worst === 1 ? "warned" : "passed", summary, findings };
}

export const finding = (
  rule: LaunchCheck,
  severity: LaunchFinding["severity"],
  message: string,
  where: Partial<Pick<LaunchFinding, "path" | "line" | "page">> = {},
): LaunchFinding => ({ rule, severity, message: shortened(message, maxMessage), path: null, line: null, page: null, ...where });

/** One line, because the text may come from a page. */
export const shortened = (text: string, length: number): string => {
  const line = text.slice(0, 4 * length).replace(/\s+/g, " ").trim(); // prettier-ignore
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

export function reportOf(
  { settings, ignoredChecks = [] }: Pick<LaunchInput, "settings" | "ignoredChecks">,
  verdicts: readonly Verdict[],
  weight: LaunchReport["weight"],
  durationMs: number,
): LaunchReport {
  const rules = verdicts
    .toSorted((a, b) => order.indexOf(a.rule) - order.indexOf(b.rule))
    .map(({ rule, status, summary }) => ({
      rule,
      status,
      is_blocking: settings.blocking.includes(rule) && !ignoredChecks.includes(rule),
      summary,
    }));
  return {
    is_blocked: rules.some(({ status, is_blocking }) => is_blocking && status === "failed"),
    duration_ms: Math.round(durationMs),
    rules,
    findings: verdicts
      .flatMap(({ findings }) => findings)
      .toSorted((a, b) => gravity.indexOf(b.severity) - gravity.indexOf(a.severity))
      .slice(0, maxFindings),
    weight,
  };
}
