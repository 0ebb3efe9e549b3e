import { mcpToolName } from "../mcp/index.ts";
import { pathOf } from "./run-events.ts";
import { currentToolName } from "./tools/tool-names.ts";

export interface Risk {
  /** Red for destructive calls, amber for the rest. */
  tone: "err" | "warn";
  /** For the pill: one to three words. */
  label: string;
}

const destructive: readonly [RegExp, string][] = [
  [/\brm\s+(-\w*[rf]\w*|--recursive|--force)\b|\bfind\b.*-delete\b|\bshred\b|\btruncate\b/, "Deletes files"],
  [/\bgit\s+(reset\s+--hard|clean\s+-\w*f|push\s+.*(--force|-f\b)|checkout\s+(--\s|\.)|branch\s+-D)/, "May discard work"],
  [
    /\bdrop\s+(table|database|schema|column)\b|\btruncate\s+table\b|\bdelete\s+from\b|db\s+push\b.*--force|drizzle-kit\s+push|migrate\s+reset/i,
    "Deletes data",
  ],
  [/\b(curl|wget)\b[^|;&]*\|\s*(sh|bash|node|python3?)\b/, "Runs downloaded code"],
  [/\b(kill|pkill|killall)\b/, "Stops processes"],
  [/\bsudo\b|\bchmod\s+-R\b|\bchown\b/, "Changes permissions"],
];
const notable: readonly [RegExp, string][] = [
  [/\b(npm|pnpm|yarn|bun)\s+(i|install|add|ci|remove|uninstall)\b|\bpip3?\s+install\b|\bgo\s+get\b|\bcargo\s+add\b/, "Installs packages"],
  [/\bgit\s+(commit|push|merge|rebase|tag)\b/, "Writes to git"],
  [/\b(curl|wget|ssh|scp)\b/, "Network access"],
];

/** The label of a call that needs approval. Only a hint; the sandbox is the protection. */
export function riskOf(toolName: string, parameters: Record<string, unknown>): Risk {
  // Only the MCP server knows what its parameters mean.
  if (mcpToolName(toolName)) return { tone: "warn", label: "External tool" };
  const command = parameters["command"];
  if (typeof command === "string") {
    const bad = destructive.find(([pattern]) => pattern.test(command));
    if (bad) return { tone: "err", label: bad[1] };
    const note = notable.find(([pattern]) => pattern.test(command));
    return { tone: "warn", label: note?.[1] ?? "Runs a command" };
  }
  if (toolName === "apply_patch" && /^\*\*\* Delete File:/m.test(String(parameters["patch"] ?? "")))
    return { tone: "err", label: "Deletes files" };
  if (toolName === "web_fetch") return { tone: "warn", label: "Network access" };
  if (toolName === "write_file") return { tone: "warn", label: "Writes a file" };
  if (pathOf(parameters) !== undefined || toolName === "apply_patch") return { tone: "warn", label: "Edits files" };
  return { tone: "warn", label: "Needs approval" };
}

/** The title of an approval card. */
export function questionOf(toolName: string, parameters: Record<string, unknown>): string {
  const mcpTool = mcpToolName(toolName);
  if (mcpTool) return `Allow ${mcpTool.server} to run ${mcpTool.tool}?`;
  if (typeof parameters["command"] === "string") return "Allow this command?";
  if (toolName === "write_file") return "Write this file?";
  if (currentToolName(toolName) === "edit_file" || toolName === "apply_patch") return "Make this edit?";
  if (toolName === "web_fetch") return "Fetch this page?";
  return `Allow ${toolName}?`;
}
