import type { AgentAbility } from "@tesslate/contract";

/** What an agent may do, in a sentence each. */
export const abilitySentences: Record<AgentAbility, string> = {
  read_files: "Read the files of your project",
  change_files: "Create, change and delete files",
  run_commands: "Run commands in the project's sandbox and install packages",
  use_web: "Search the web and read pages",
  query_databases: "Query the project's databases",
  check_app: "Open your app in a browser and check it",
  manage_containers: "Add, start, stop and remove containers",
  use_connectors: "Use the connectors that you added",
  start_sub_agents: "Hand parts of the work to sub-agents",
  keep_notes: "Keep notes, plans and to-dos in the project",
  ask_questions: "Ask you questions while it works",
};
