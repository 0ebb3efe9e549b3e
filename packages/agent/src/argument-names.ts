import { plain } from "@tesslate/text-calls";
import type { ToolParameters } from "./tool-call.ts";
import type { Tool } from "./tool.ts";

/** Names that models use instead of our parameters' names. Used only where the right one is missing. */
const otherNames: Record<string, string[]> = {
  file_path: ["path", "filename", "file", "name", "target_file", "file_name", "absolute_path", "filepath", "relative_path", "target"],
  path: ["dir", "directory", "folder", "file_path", "dir_path"],
  content: ["contents", "text", "code", "data", "body", "file_content", "file_text", "new_content", "source"],
  command: ["cmd", "script", "shell_command", "bash", "commands", "code"],
  search: ["old_string", "old_str", "old", "find", "old_text", "search_text", "original", "before"],
  replace: ["new_string", "new_str", "new", "replacement", "new_text", "replace_text", "after", "replace_with"],
  pattern: ["query", "regex", "search", "q", "glob_pattern", "glob"],
  patch: ["diff", "input", "patch_text", "content"],
  edits: ["changes", "replacements", "operations"],
  url: ["link", "uri", "href"],
  timeout: ["timeout_seconds", "timeout_s"],
  command_id: ["session_id", "id", "bash_id", "shell_id", "terminal_id", "process_id"],
  input: ["command", "stdin", "chars"],
  background: ["run_in_background", "is_background"],
  wait_seconds: ["wait", "timeout", "timeout_seconds"],
};

/** A foreign tool may call a parameter `constructor`. */
const namesFor = (name: string): string[] => (Object.hasOwn(otherNames, name) ? (otherNames[name] ?? []) : []);

/** The arguments under the names of the tool, and as text where the tool expects text. Valid arguments are unchanged. */
export function normalizeArguments(tool: Tool, given: ToolParameters): ToolParameters {
  const properties = tool.parameters.properties as Record<string, { type?: unknown; items?: unknown }>;
  const normalized: ToolParameters = {};
  const unnamed: [string, unknown][] = [];
  for (const [key, value] of Object.entries(given)) {
    const known = Object.hasOwn(properties, key) ? key : Object.keys(properties).find((name) => plain(name) === plain(key));
    if (known === undefined || (known !== key && Object.hasOwn(given, known))) unnamed.push([key, value]);
    else normalized[known] = value;
  }
  for (const [key, value] of unnamed) {
    const meant = Object.entries(properties).find(
      ([name, schema]) =>
        !Object.hasOwn(normalized, name) &&
        (schema.type === "string" ? typeof value === "string" || typeof value === "object" : true) &&
        namesFor(name).some((other) => plain(other) === plain(key)),
    )?.[0];
    if (meant === undefined) normalized[key] = value;
    else normalized[meant] = value;
  }
  for (const [name, schema] of Object.entries(properties))
    if (schema.type === "string" && Object.hasOwn(normalized, name)) normalized[name] = textOf(name, normalized[name]);
  // One edit, given without the list.
  if (Object.hasOwn(properties, "edits") && !Object.hasOwn(normalized, "edits")) {
    const { search, replace, ...rest } = normalizeEdit(normalized) as ToolParameters;
    if (typeof search === "string" && typeof replace === "string") return { ...rest, edits: [{ search, replace }] };
  }
  const edits: unknown = normalized.edits;
  if (Array.isArray(edits)) normalized.edits = edits.map((edit: unknown) => normalizeEdit(edit));
  return normalized;
}

/** A JSON file given as the object itself, a command as argv, a file as its lines. */
function textOf(name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (isTexts) return name === "command" ? commandOf(value) : value.join("\n");
  return name === "content" ? `${JSON.stringify(value, null, 2)}\n` : value;
}

function commandOf(argv: string[]): string {
  if (argv.length === 1) return argv[0]!;
  if (argv.length === 3 && /^(\/bin\/)?(ba|z)?sh$/.test(argv[0]!) && /^-l?c$/.test(argv[1]!)) return argv[2]!;
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

function normalizeEdit(edit: unknown): unknown {
  if (typeof edit !== "object" || edit === null) return edit;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(edit)) {
    const meant = (["search", "replace"] as const).find(
      (name) => key !== name && otherNames[name]?.some((other) => plain(other) === plain(key)) && !(name in edit),
    );
    result[meant ?? key] = value;
  }
  return result;
}
