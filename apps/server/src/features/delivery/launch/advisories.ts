import type { LaunchFinding } from "@tesslate/contract";
import { finding, plural, shortened, skipped, verdictOf, type Verdict, type LaunchInput } from "./report.ts";

interface Advisory {
  name: string;
  severity: string;
  title: string;
}

const maxReportBytes = 8 * 2 ** 20;
const maxFindings = 20;

/** Audit command per lock file, for production dependencies, with the package manager's configured registry. */
const managers = [
  { lock: "package-lock.json", argv: ["npm", "audit", "--json", "--omit=dev"], read: readNpm },
  { lock: "npm-shrinkwrap.json", argv: ["npm", "audit", "--json", "--omit=dev"], read: readNpm },
  { lock: "pnpm-lock.yaml", argv: ["pnpm", "audit", "--json", "--prod"], read: readAdvisories },
] as const;
const severities: Record<string, LaunchFinding["severity"]> = {
  critical: "critical",
  high: "serious",
  moderate: "minor",
  low: "info",
  info: "info",
};

/** Known vulnerabilities of the dependencies, if the package registry responds in time. */
export async function inspectAdvisories({ source }: Pick<LaunchInput, "source">, auditMs: number, signal: AbortSignal): Promise<Verdict> {
  if (!source) return skipped("advisories", "The sources are not available.");
  const { sandbox, directory } = source;
  const at = (name: string) => (directory === "." ? name : `${directory}/${name}`);
  let manager: (typeof managers)[number] | undefined;
  for (const one of managers) if (!manager && (await sandbox.files.stat(at(one.lock)))) manager = one;
  if (!manager) return skipped("advisories", "No npm or pnpm lock file found.");
  const [program] = manager.argv;
  const { stdout, timedOut, exitCode } = await sandbox.exec([...manager.argv], {
    cwd: directory,
    timeoutMs: auditMs,
    maxOutputBytes: maxReportBytes,
    env: { NO_COLOR: "1", npm_config_fetch_retries: "0", npm_config_fetch_timeout: String(auditMs), npm_config_update_notifier: "false" },
    signal,
  });
  signal.throwIfAborted();
  if (timedOut) return skipped("advisories", "The package registry did not respond in time.");
  const report = jsonOf(stdout);
  const advisories = report && manager.read(report);
  if (!advisories) {
    const why = shortened(messageOf(report) ?? `${program} exited with ${exitCode ?? "a signal"}`, 200);
    return skipped("advisories", `The package registry returned no advisories (${why}).`);
  }
  const findings = advisories
    .map(({ name, severity, title }) =>
      finding("advisories", severities[severity] ?? "minor", `${name}: ${title} (${severity})`, { path: at(manager.lock) }),
    )
    .toSorted((a, b) => rank(b) - rank(a))
    .slice(0, maxFindings);
  return verdictOf(
    "advisories",
    advisories.length === 0 ? "none known" : plural(advisories.length, "known vulnerability", "known vulnerabilities"),
    findings,
  );
}

const rank = ({ severity }: LaunchFinding) => ["info", "minor", "serious", "critical"].indexOf(severity);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown, otherwise: string) => (typeof value === "string" ? shortened(value, 300) : otherwise);

/** Package managers may print messages before the JSON. */
function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(Math.max(0, text.indexOf("{"))));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
function messageOf(report: Record<string, unknown> | undefined): string | undefined {
  const error = report?.["error"];
  if (typeof report?.["message"] === "string") return report["message"];
  return isObject(error) && typeof error["summary"] === "string" && error["summary"] !== "" ? error["summary"] : undefined;
}

/** Each vulnerability once, at the vulnerable package; packages that only depend on it refer to it in `via`. */
function readNpm(report: Record<string, unknown>): Advisory[] | undefined {
  const { vulnerabilities } = report;
  if (!isObject(vulnerabilities)) return undefined;
  return Object.entries(vulnerabilities).flatMap(([name, entry]) => {
    const via: unknown[] = isObject(entry) && Array.isArray(entry["via"]) ? entry["via"] : [];
    return via.filter(isObject).map((one) => ({
      name: textOf(one["name"], name),
      severity: textOf(one["severity"], "moderate"),
      title: textOf(one["title"], "a known vulnerability"),
    }));
  });
}

function readAdvisories(report: Record<string, unknown>): Advisory[] | undefined {
  const { advisories } = report;
  if (!isObject(advisories)) return undefined;
  return Object.values(advisories)
    .filter(isObject)
    .map((one) => ({
      name: textOf(one["module_name"], "a package"),
      severity: textOf(one["severity"], "moderate"),
      title: textOf(one["title"], "a known vulnerability"),
    }));
}
