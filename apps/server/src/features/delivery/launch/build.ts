import type { LaunchArtifact } from "./artifact.ts";
import { finding, plural, verdictOf, type Verdict, type LaunchInput } from "./report.ts";

const maxWarnings = 20;

/** Checks that the build left something to serve, and reports its warnings. */
export function inspectBuild(artifact: LaunchArtifact, { kind, buildWarnings = [] }: Pick<LaunchInput, "kind" | "buildWarnings">): Verdict {
  const findings = buildWarnings.slice(0, maxWarnings).map((line) => finding("build", "minor", line));
  if (artifact.files.size === 0) findings.push(finding("build", "critical", "The build left no files."));
  else if (kind === "static" && !artifact.files.has("index.html"))
    findings.push(finding("build", "critical", "There is no index.html, so the site's root shows nothing."));
  const files = plural(artifact.files.size, "file");
  // Those of an installation are in the log only: they are about packages.
  const warnings = buildWarnings.length === 0 ? "no build warnings" : plural(buildWarnings.length, "build warning");
  return verdictOf("build", `${files}, ${warnings}`, findings);
}
