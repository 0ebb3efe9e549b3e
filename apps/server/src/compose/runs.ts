import type { ChatStore } from "../features/agent/chats/index.ts";
import type { Attachments } from "../features/agent/attachments/index.ts";
import type { Cassettes } from "../features/agent/cassettes/index.ts";
import {
  createAgentRunner,
  createChatTurns,
  createChooseWorkspace,
  createExecuteRun,
  createMessageCheck,
  createRunAccess,
  createRunEndings,
  createRunEnvironments,
  createRunFollowing,
  createRunLedgers,
  createRunPreparation,
  createRunStarts,
  createRunStops,
  createRunTask,
  type CommandStops,
  type ModelRetries,
  type RunBranches,
  type RunCheckpoints,
  type RunConversation,
  type RunCosts,
  type RunFollowUp,
  type RunHandle,
  type RunInput,
  type RunProjects,
  type Runs,
  type RunsStore,
  type ToolProvider,
} from "../features/agent/runs/index.ts";
import type { TaskDefinition, TaskRow } from "../features/core/tasks/index.ts";
import type { Queries } from "../platform/database.ts";
import type { ModelsArea } from "./models.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";

interface RunStores {
  chats: ChatStore;
  store: RunsStore;
}

/** Starting, stopping and following runs. */
export function composeRuns(
  { tasks, events }: Platform,
  { agents, models, credits }: ModelsArea,
  { projects }: ProjectsArea,
  { chats, store }: RunStores,
  {
    attachments,
    branches,
    requireStartable,
  }: {
    attachments: Attachments;
    branches: RunBranches;
    requireStartable: (tx: Queries, userId: string, projectId: string) => Promise<void>;
  },
): Runs {
  const access = createRunAccess({ chats, projects });
  const check = createMessageCheck({ agents, models, attachments, credits });
  const turns = createChatTurns({ chats, tasks, agents, requireStartable });
  return {
    ...access,
    resolveAgain: check.resolveAgain,
    ...createRunStarts({
      chats,
      store,
      access,
      check,
      turns,
      chooseWorkspace: createChooseWorkspace({ chats, branches }),
      branches,
      projects,
    }),
    ...createRunStops({ chats, tasks, access }),
    ...createRunFollowing({ chats, tasks, events }),
  };
}

/** Executing runs. */
export function composeRunTask(
  { config, owners, traces, log }: Platform,
  { agents, models, resolveChain, credits }: ModelsArea,
  { chats, store }: RunStores,
  {
    projects,
    checkpoints,
    conversation,
    toolProviders,
    costs,
    record,
    followUp,
    handleOf,
    commandStops,
    modelRetries,
  }: {
    projects: RunProjects;
    checkpoints: RunCheckpoints;
    conversation: RunConversation;
    toolProviders: readonly ToolProvider[];
    costs: RunCosts;
    record: Cassettes["record"];
    followUp: RunFollowUp;
    handleOf(task: TaskRow): RunHandle;
    commandStops: CommandStops;
    modelRetries: ModelRetries;
  },
): TaskDefinition<RunInput> {
  const execute = createExecuteRun({
    store,
    checkpoints,
    conversation,
    environments: createRunEnvironments({ chats, projects }),
    ledgers: createRunLedgers({ credits, costs }),
    toolProviders,
    runner: createAgentRunner({ record, traces }),
    commandStops,
    modelRetries,
  });
  const preparation = createRunPreparation({
    chats,
    agents,
    models: { resolve: models.resolve, resolveChain },
    projects,
    checkpoints,
    limits: config.agent,
  });
  return createRunTask({
    handleOf,
    preparation,
    execute,
    endings: createRunEndings({ store, chats, checkpoints }),
    followUp,
    resumesInterrupted: owners.isOneOfSeveral,
    log,
  });
}
