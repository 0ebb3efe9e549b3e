import type { Artefact } from "./artifact.ts";
import type { LaunchInput } from "./launch.ts";
import { finding, plural, verdictOf, type Verdict } from "./report.ts";

const maxWarnings = 20;

/** That something was built which can be served, and what the build warned of. */
export function inspectBuild(artefact: Artefact, { kind, buildWarnings = [] }: Pick<LaunchInput, "kind" | "buildWarnings">): Verdict {
  const findings = buildWarnings.slice(0, maxWarnings).map((line) => finding("build", "minor", line));
  if (artefact.files.size === 0) findings.push(finding("build", "critical", "The build left no files."));
  else if (kind === "static" && !artefact.files.has("index.html"))
    findings.push(finding("build", "critical", "There is no index.html, so the address itself shows nothing."));
  const files = artefact.isCut ? "too many files to look at all" : plural(artefact.files.size, "file");
  const warnings = buildWarnings.length === 0 ? "no warnings" : plural(buildWarnings.length, "warning");
  return verdictOf("build", `${files}, ${warnings}`, findings);
}
