import {
  Square,
  Play,
  Workflow,
  Bookmark,
  BookOpen,
  Bot,
  Eye,
  FilePlus2,
  FolderTree,
  Globe,
  Info,
  ListChecks,
  KeyRound,
  ListTodo,
  MessageCircleQuestionMark,
  MonitorCheck,
  Paperclip,
  Pencil,
  Plug,
  Search,
  SquareTerminal,
  Wrench,
  type LucideIcon,
} from "lucide-react";
import { mcpToolName } from "../../mcp/index.ts";
import { currentToolName } from "./tool-names.ts";

export interface ToolLook {
  icon: LucideIcon;
  verb: string;
}

const looks: Record<string, ToolLook> = {
  read_file: { icon: Eye, verb: "Read" },
  list_dir: { icon: FolderTree, verb: "List" },
  glob: { icon: Search, verb: "Find" },
  grep: { icon: Search, verb: "Search" },
  write_file: { icon: FilePlus2, verb: "Write" },
  edit_file: { icon: Pencil, verb: "Edit" },
  apply_patch: { icon: Pencil, verb: "Patch" },
  run_command: { icon: SquareTerminal, verb: "Run" },
  command_output: { icon: SquareTerminal, verb: "Read command output" },
  stop_command: { icon: SquareTerminal, verb: "Stop command" },
  get_project_info: { icon: Info, verb: "Inspect project" },
  get_preview_state: { icon: MonitorCheck, verb: "Check preview" },
  todo_read: { icon: ListTodo, verb: "Read to-dos" },
  todo_write: { icon: ListTodo, verb: "Update to-dos" },
  save_plan: { icon: ListTodo, verb: "Write plan" },
  update_plan: { icon: ListTodo, verb: "Update plan" },
  verify: { icon: MonitorCheck, verb: "Verify" },
  run_checks: { icon: ListChecks, verb: "Run checks" },
  ask_question: { icon: MessageCircleQuestionMark, verb: "Ask question" },
  request_secret: { icon: KeyRound, verb: "Request secret" },
  read_attachment: { icon: Paperclip, verb: "Read attachment" },
  save_attachment: { icon: Paperclip, verb: "Save attachment" },
  web_fetch: { icon: Globe, verb: "Fetch" },
  web_search: { icon: Search, verb: "Search the web" },
  load_skill: { icon: BookOpen, verb: "Load skill" },
  remember: { icon: Bookmark, verb: "Remember" },
  graph_container_status: { icon: Workflow, verb: "Check containers" },
  graph_start_container: { icon: Play, verb: "Start container" },
  graph_stop_container: { icon: Square, verb: "Stop container" },
  graph_start_all: { icon: Play, verb: "Start all containers" },
  graph_stop_all: { icon: Square, verb: "Stop all containers" },
  graph_add_container: { icon: Workflow, verb: "Add container" },
  graph_add_browser_preview: { icon: Workflow, verb: "Add preview" },
  graph_add_connection: { icon: Workflow, verb: "Connect" },
  graph_remove_item: { icon: Workflow, verb: "Remove" },
  graph_shell_open: { icon: SquareTerminal, verb: "Open terminal" },
  graph_shell_exec: { icon: SquareTerminal, verb: "Run" },
  graph_shell_close: { icon: SquareTerminal, verb: "Close terminal" },
  invoke_subagent: { icon: Bot, verb: "Run sub-agent" },
};

/** Icon and verb of a tool. Unknown tools are shown by their name. */
export function lookOf(name: string): ToolLook {
  const mcpTool = mcpToolName(name);
  if (mcpTool) return { icon: Plug, verb: `${mcpTool.server}: ${mcpTool.tool.replace(/_+/g, " ")}` };
  return looks[currentToolName(name)] ?? { icon: Wrench, verb: name.replace(/_+/g, " ") };
}
