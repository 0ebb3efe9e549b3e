import { Type } from "typebox";
import { defineTool, done, failed, ToolFailure } from "../tool.ts";
import { resolvePath, shownPath } from "../workspace-path.ts";
import { reads } from "./gates.ts";

const maxMatches = 100;
const maxLineChars = 300;

export const grep = defineTool({
  name: "grep",
  category: "file_operations",
  description: "Search file contents with a regular expression (ripgrep; ignored files are left out).",
  parameters: Type.Object({
    pattern: Type.String(),
    path: Type.Optional(Type.String()),
    glob: Type.Optional(Type.String()),
    ignore_case: Type.Optional(Type.Boolean()),
  }),
  gate: reads,
  async run({ pattern, path: given = ".", glob, ignore_case = false }, context) {
    const path = resolvePath(context.root, given);
    const argv = [
      "rg",
      "--json",
      "--hidden",
      "--no-require-git",
      "--sort",
      "path",
      "--max-columns",
      "2000",
      "--glob",
      "!.git",
      ...(`${path}/${glob ?? ""}`.includes("node_modules") ? [] : ["--glob", "!node_modules"]),
    ];
    if (glob !== undefined) argv.push("--glob", glob);
    if (ignore_case) argv.push("--ignore-case");
    argv.push("--regexp", pattern, "--", path === "." ? "./" : path);
    const result = await context.workspace.exec(argv, {
      signal: context.signal,
      timeoutMs: 30_000,
      readOnly: context.editMode === "plan",
      maxOutputBytes: 4 * 1024 * 1024,
    });
    if (result.timedOut) throw new ToolFailure("The search took more than 30 s.", { suggestion: "Search a smaller folder." });
    const { lines, total, files } = readMatches(result.stdout, context.root);
    if (result.exitCode === 1 && total === 0)
      return done(`Nothing matches ${pattern}.`, { content: "", details: { matches: 0, files: 0 } });
    if (total === 0) {
      const reason = result.stderr.trim().split("\n").slice(0, 4).join("\n");
      return failed(`The search failed: ${reason === "" ? `exit code ${result.exitCode}` : reason}`, {
        details: { exit_code: result.exitCode },
      });
    }
    const left = total - lines.length;
    return done(
      `${total} ${total === 1 ? "match" : "matches"} in ${files} ${files === 1 ? "file" : "files"}${left > 0 ? `, the first ${lines.length} shown` : ""}.`,
      {
        content: lines.join("\n"),
        details: { matches: total, files },
      },
    );
  },
});

/** ripgrep's JSON lines as `path:line: text`. The last line may be truncated by the output limit. */
function readMatches(stdout: string, root: string): { lines: string[]; total: number; files: number } {
  const lines: string[] = [];
  const files = new Set<string>();
  let total = 0;
  for (const json of stdout.split("\n")) {
    const event = parseLine(json);
    if (event?.type !== "match" || !event.data) continue;
    const path = shownPath(root, (event.data.path?.text ?? "").replace(/^\.\//, ""));
    files.add(path);
    total++;
    if (lines.length >= maxMatches) continue;
    const text = (event.data.lines?.text ?? "(not text)").replace(/\r?\n$/, "");
    lines.push(`${path}:${event.data.line_number}: ${text.length > maxLineChars ? `${text.slice(0, maxLineChars)}…` : text}`);
  }
  return { lines, total, files: files.size };
}

interface RipgrepEvent {
  type?: string;
  data?: { path?: { text?: string }; lines?: { text?: string }; line_number?: number };
}

function parseLine(json: string): RipgrepEvent | undefined {
  if (!json.startsWith("{")) return undefined;
  try {
    return JSON.parse(json) as RipgrepEvent;
  } catch {
    return undefined;
  }
}
