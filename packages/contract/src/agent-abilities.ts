import { Literals, type Static } from "./schema.ts";

/** What an agent may do, in the order in which it is shown. */
const all = [
  "read_files",
  "change_files",
  "run_commands",
  "use_web",
  "query_databases",
  "check_app",
  "manage_containers",
  "use_connectors",
  "start_sub_agents",
  "keep_notes",
  "ask_questions",
] as const;
export const AgentAbility = Literals(...all);
export type AgentAbility = Static<typeof AgentAbility>;

/** The one table from tool to ability. A test fails if a tool that agents can be given is missing. */
const abilityOf: Readonly<Record<string, AgentAbility>> = {
  read_file: "read_files",
  list_dir: "read_files",
  glob: "read_files",
  grep: "read_files",
  repo_map: "read_files",
  read_output: "read_files",
  read_attachment: "read_files",
  get_project_info: "read_files",
  load_skill: "read_files",
  write_file: "change_files",
  edit_file: "change_files",
  apply_patch: "change_files",
  save_attachment: "change_files",
  run_command: "run_commands",
  command_output: "run_commands",
  stop_command: "run_commands",
  run_checks: "run_commands",
  install_packages: "run_commands",
  graph_shell_open: "run_commands",
  graph_shell_exec: "run_commands",
  graph_shell_close: "run_commands",
  web_search: "use_web",
  web_fetch: "use_web",
  database_query: "query_databases",
  redis_command: "query_databases",
  database_schema: "query_databases",
  verify: "check_app",
  get_preview_state: "check_app",
  graph_add_container: "manage_containers",
  graph_add_connection: "manage_containers",
  graph_add_browser_preview: "manage_containers",
  graph_remove_item: "manage_containers",
  graph_start_container: "manage_containers",
  graph_stop_container: "manage_containers",
  graph_start_all: "manage_containers",
  graph_stop_all: "manage_containers",
  graph_container_status: "manage_containers",
  invoke_subagent: "start_sub_agents",
  remember: "keep_notes",
  add_note: "keep_notes",
  todo_read: "keep_notes",
  todo_write: "keep_notes",
  save_plan: "keep_notes",
  update_plan: "keep_notes",
  ask_question: "ask_questions",
};

/** Features of an agent (`config.features`) that take an ability away when they are off. */
const featureOf: Partial<Record<AgentAbility, string>> = { use_web: "web_search", start_sub_agents: "subagents" };

/** What the store filters agents by: that they may do something, or `read_only`, that they change nothing. */
export const AbilityFilter = Literals("read_only", "change_files", "run_commands", "use_web", "query_databases", "check_app");
export type AbilityFilter = Static<typeof AbilityFilter>;
export const abilityFilters: readonly AbilityFilter[] = [
  "read_only",
  "change_files",
  "run_commands",
  "use_web",
  "query_databases",
  "check_app",
];
/** None of these belongs to an agent that is `read_only`. */
export const changingAbilities = ["change_files", "run_commands", "query_databases", "manage_containers", "use_connectors"] as const;
/** The tools that give an ability, and the feature that takes it away when it is off. */
export const toolsOfAbility = (ability: AgentAbility): { tools: string[]; feature: string | undefined } => ({
  tools: Object.keys(abilityOf).filter((tool) => abilityOf[tool] === ability),
  feature: featureOf[ability],
});
/** All tools that are not those of connectors. */
export const knownTools = (): string[] => Object.keys(abilityOf);

/**
 * What an agent with these tools and features may do. `tools: null`: all tools, also those of connectors. A tool that is not known is one of a
 * connector.
 */
export function abilitiesOf(tools: readonly string[] | null, features: unknown = {}): AgentAbility[] {
  const had = new Set<AgentAbility>(
    tools === null ? all : tools.map((tool) => (Object.hasOwn(abilityOf, tool) ? abilityOf[tool] : undefined) ?? "use_connectors"),
  );
  const set = typeof features === "object" && features !== null ? (features as Record<string, unknown>) : {};
  return all.filter((ability) => had.has(ability) && set[featureOf[ability] ?? ""] !== false);
}
