/** Former names of tools, in runs and approvals that were stored with them. */
const formerNames: Readonly<Record<string, string>> = {
  patch_file: "edit_file",
  multi_edit: "edit_file",
  bash_exec: "run_command",
  shell_open: "run_command",
  shell_exec: "command_output",
  shell_close: "stop_command",
};

/** The name of a tool today. */
export const currentToolName = (name: string): string => (Object.hasOwn(formerNames, name) ? (formerNames[name] ?? name) : name);
