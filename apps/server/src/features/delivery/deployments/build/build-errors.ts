import type { DeploymentStep } from "@tesslate/contract";
import { AppError } from "../../../../platform/errors.ts";

/** A deployment step failed because of the project, not the server. `where`: the file and line that the output names. */
export class StepError extends AppError {
  readonly step: DeploymentStep;
  readonly where: { path: string | null; line: number | null };
  constructor(step: DeploymentStep, message: string, where: StepError["where"] = { path: null, line: null }) {
    super("not_deployable", message);
    this.step = step;
    this.where = where;
  }
}

/** Matches `src/App.tsx:12:5`, `src/App.tsx(12,5)` and `File "app/main.py", line 12`. Sandbox paths are shown relative to the project. */
const locationPatterns = [
  /(?:^|[\s("'[])((?:\.{0,2}\/)?(?:[\w@.()[\]-]+\/)*[\w@.[\]-]+\.(?:[cm]?[jt]sx?|vue|svelte|astro|css|scss|less|html|json|py|go|mdx?))(?::(\d+)|\((\d+),\d+\))/,
  /File "([^"]+)", line (\d+)/,
];
const foreign = /(?:^|\/)(?:node_modules|\.venv|site-packages|\.next|internal)(?:\/|$)|^node:/;

/** Removes decoration that tools add, and the sandbox's mount point. */
const cleaned = (path: string): string =>
  path
    .replace(/^\/app\//, "")
    .replace(/^file:\/\//, "")
    .replace(/^\.\//, "");

/** The first project file and line that the last output lines of a failed step name. */
export function findErrorLocation(lines: readonly string[]): { path: string | null; line: number | null } {
  for (const line of lines)
    for (const pattern of locationPatterns) {
      const found = pattern.exec(line);
      const path = cleaned(found?.[1] ?? "");
      if (found && path !== "" && !path.startsWith("/") && !path.startsWith("..") && !foreign.test(path))
        return { path, line: Number(found[2] ?? found[3]) || null };
    }
  return { path: null, line: null };
}

/** A short error text: the lines that mention an error, otherwise the last lines. */
export function summarizeErrors(lines: readonly string[]): string {
  const spoken = lines.map((line) => line.trim()).filter(Boolean);
  const at = spoken.findIndex(
    (line) => /\berror\b|failed|not found|cannot|could not|unexpected|exception/i.test(line) && !/^npm (?:error|warn)/i.test(line),
  );
  const chosen = at >= 0 ? spoken.slice(at, at + 3) : spoken.slice(-3);
  return chosen.join(" ").replace(/\s+/g, " ").slice(0, 500);
}
