import { plain, type CallableTool } from "./tool.ts";

/** What other harnesses call the same tools; models trained on those write their names. */
const otherNames: Record<string, string[]> = {
  write_file: ["create_file", "save_file", "write", "write_to_file", "new_file", "overwrite_file", "file_write"],
  read_file: ["cat", "open_file", "view_file", "view", "get_file", "file_read", "read"],
  list_dir: ["ls", "list_files", "list_directory", "list_folder", "dir"],
  run_command: ["bash_exec", "bash", "shell", "run", "execute_command", "exec", "terminal", "execute_bash", "run_shell_command", "sh"],
  edit_file: ["patch_file", "multi_edit", "str_replace", "replace_in_file", "search_replace", "edit", "str_replace_editor", "replace"],
  command_output: ["shell_exec", "bash_output", "command_status"],
  stop_command: ["shell_close", "kill_shell", "kill_bash"],
  grep: ["search", "search_files", "grep_search", "ripgrep", "code_search"],
  glob: ["find_files", "file_search", "find"],
  todo_write: ["update_todos", "write_todos", "todo"],
};
const byOtherName = new Map(Object.entries(otherNames).flatMap(([name, others]) => others.map((other) => [plain(other), name] as const)));

/** The tool that a model means: the exact name, the name in another spelling, or what other harnesses call it. Undefined: none of ours. */
export function meantTool(name: string, tools: readonly Pick<CallableTool, "name">[]): string | undefined {
  if (tools.some((tool) => tool.name === name)) return name;
  const bare = plain(
    name
      .trim()
      .replace(/^(functions?|tools?|default_api|api|assistant)[.:/]/i, "")
      .replace(/:\d+$/, ""),
  );
  const spelled = tools.find((tool) => plain(tool.name) === bare);
  if (spelled) return spelled.name;
  const other = byOtherName.get(bare);
  return other !== undefined && tools.some((tool) => tool.name === other) ? other : undefined;
}
