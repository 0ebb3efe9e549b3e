import { allTools } from "@tesslate/agent";
import { createAgentContexts, mountAgentContext } from "../features/agent/agent-context/index.ts";
import { createToolCatalogue, mountAgents, type ToolSummary } from "../features/agent/agents/index.ts";
import {
  createAttachments,
  createAttachmentsStore,
  createAttachmentTools,
  createToolImages,
  mountAttachments,
  type Attachments,
} from "../features/agent/attachments/index.ts";
import { createCardRuns, createCardRunsStore, mountCardRuns } from "../features/agent/card-runs/index.ts";
import { createCassettes, createCassettesStore, mountCassettes } from "../features/agent/cassettes/index.ts";
import {
  createApplyChangeSet,
  createChangeSetLookup,
  createChangesStore,
  createDiffChangeSet,
  createListRuns,
  createRunChangeSets,
  mountChanges,
} from "../features/source/changes/index.ts";
import {
  createAttachmentReader,
  createChatNaming,
  createChats,
  createChatStore,
  createModelTexts,
  createConversations,
  createConversationStore,
  createFinishOrphans,
  createRewinds,
  createRewindsStore,
  createTranscripts,
  type Transcripts,
  createTranscriptsStore,
  mountChats,
  type ConversationChange,
} from "../features/agent/chats/index.ts";
import {
  createApprovals,
  createChatSocket,
  createCommandStops,
  createModelRetries,
  createCompactChat,
  createEstimateRun,
  createHandleOf,
  createQuestions,
  createRunContextReader,
  createRunCommitMessage,
  createRunConversation,
  createRunCosts,
  createRunsStore,
  mountRuns,
  runType,
  type Approvals,
  type FeatureTools,
  type Runs,
} from "../features/agent/runs/index.ts";
import { previewOrigin } from "../features/runtime/containers/index.ts";
import { createRunWebhooks, createRunWebhooksStore, type RunWebhooks } from "../features/external/external/index.ts";
import { createChatPlans, createPlansStore, mountPlans } from "../features/agent/plans/index.ts";
import { createMessageQueue, createQueueStore, mountQueue, type MessageQueue } from "../features/agent/queue/index.ts";
import { createRepairs, createRepairsStore } from "../features/agent/repairs/index.ts";
import type { FirstMessages } from "../features/projects/projects/index.ts";
import { requestSecretTool } from "../features/projects/secrets/index.ts";
import { createRestoreCommits, createRunCommits, type WriteCommitMessage } from "../features/source/git/index.ts";
import { createRestoreGuard, titleOfCheckpoint, type RestoredRepository } from "../features/source/snapshots/index.ts";
import { AppError } from "../platform/errors.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { BranchesArea } from "./branches.ts";
import type { ContainersArea } from "./containers.ts";
import type { GitArea } from "./git.ts";
import type { ModelsArea } from "./models.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import { composeRuns, composeRunTask } from "./runs.ts";
import type { SecretsArea } from "./secrets.ts";
import type { SnapshotsArea } from "./snapshots.ts";
import type { ToolsArea } from "./tools.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Of a run's changes, for the message of its commit. */
const maxPatchBytes = 16 * 1024;

/** Chats, runs, and what belongs to a chat: plan, queue, attachments, changes. */
export interface ChatArea extends Area {
  runs: Runs;
  approvals: Approvals;
  queue: MessageQueue;
  webhooks: RunWebhooks;
  attachments: Attachments;
  firstMessages: FirstMessages;
  /** The built-in tools and those of features, for the agent editor. */
  listedTools: readonly ToolSummary[];
  transcripts: Transcripts;
  /** Offers a repair after errors of a preview or a crash of a container. */
  considerRepair: (projectId: string) => void;
  writeCommitMessage: WriteCommitMessage;
  /** Applies what a restore to a checkpoint changes in the conversation. */
  changeConversation: (change: ConversationChange) => Promise<void>;
  commitRestored: RestoredRepository["commit"];
}

export function composeChat(
  platform: Platform,
  { users }: AccountsArea,
  { secretsStore, redactions }: Pick<SecretsArea, "secretsStore" | "redactions">,
  modelsArea: ModelsArea,
  projectsArea: ProjectsArea,
  { idle, lifecycle, secrets }: ContainersArea,
  { watch, announce, files, kanban, cardMoves }: WorkspaceArea,
  { snapshotsStore, checkpoints, snapshotRestore, runDatabases, trees }: SnapshotsArea,
  { branches }: BranchesArea,
  { gitAccess, committed }: GitArea,
  { featureTools, pictureTaker }: ToolsArea,
): ChatArea {
  const { config, log, onClose, db, box, bus, events, tasks, outbound, address } = platform;
  const { agents, models, priceOf, credits } = modelsArea;
  const { projects } = projectsArea;
  const cassettes = createCassettes({ store: createCassettesStore(db), isOn: config.agent.recordsCassettes });
  const chatStore = createChatStore(db);
  const runsStore = createRunsStore(db);
  const transcriptsStore = createTranscriptsStore(db);
  const stores = { chats: chatStore, store: runsStore };
  const handleOf = createHandleOf({ store: runsStore, transcripts: transcriptsStore, events });
  const approvals = createApprovals({ store: runsStore, chats: chatStore, bus, timeoutMs: config.agent.approvalTimeoutMs });
  const questions = createQuestions({ approvals, chats: chatStore, setSecret: secrets.set });
  const attachments = createAttachments({ db, store: createAttachmentsStore(db), box, projects, log });
  const attachmentReader = createAttachmentReader({
    readAttachment: attachments.read,
    readAttachments: attachments.readAll,
    useToolImages: attachments.useToolImages,
  });
  const conversationStore = createConversationStore(db);
  const conversations = createConversations({ store: conversationStore, chats: chatStore, attachments: attachmentReader });
  const refuseWhileRestoring = createRestoreGuard(snapshotsStore);
  const runs = composeRuns(platform, modelsArea, projectsArea, stores, {
    attachments,
    branches,
    requireStartable: async (tx, userId, projectId) => {
      await users.requireActive(tx, userId);
      await refuseWhileRestoring(tx, projectId);
    },
  });
  const commandStops = createCommandStops({ store: runsStore, access: runs, bus });
  const modelRetries = createModelRetries({ store: runsStore, access: runs, check: runs, bus, timeFactor: config.modelRetries.timeFactor });
  const repairs = createRepairs({
    store: createRepairsStore(db),
    projects,
    wake: lifecycle.wakeProject,
    start: runs.start,
    emitterOf: (run) => handleOf(run).emitter,
    limits: config.repairs,
    log,
  });
  onClose(async () => repairs.close());
  projects.onRelease(async ({ project_id, container_id, reason }) => {
    if (reason === "deleted" && container_id === undefined) await runs.stopRunsOf(project_id);
  });
  const rewindsStore = createRewindsStore(db);
  const rewinds = createRewinds({
    store: rewindsStore,
    chats: chatStore,
    ownChat: runs.ownChat,
    branchOf: branches.findOfChat,
    projects,
    checkpoints: {
      before: async (messageId) => {
        const row = await snapshotsStore.findCheckpointOf(messageId);
        return row && { id: row.id, title: titleOfCheckpoint(row), project_id: row.project_id };
      },
      projectOf: snapshotsStore.projectOfPoint,
      save: (project, facts) => checkpoints.keep(project, { kind: "restore", ...facts }),
      restore: async (project, userId, { id, label, done_label, commit_subject, before_id, databases_from }, more) => {
        const isSnapshot = (await snapshotsStore.find(project.id, id)) !== undefined;
        const kind = isSnapshot ? "snapshot" : "checkpoint";
        const { task } = await snapshotRestore.begin(project, userId, {
          point: `${kind}/${id}`,
          label,
          name: `${kind}-${id.slice(0, 8)}`,
          done_label,
          commit_subject,
          ...(before_id !== undefined && { before_id }),
          ...(isSnapshot ? { snapshot_id: id } : { checkpoint_id: id }),
          safety_snapshot: databases_from !== undefined,
          ...(databases_from !== undefined && { databases_from }),
          more,
        });
        return task;
      },
    },
  });
  const queue = createMessageQueue({
    store: createQueueStore(db),
    chats: chatStore,
    runs,
    projects,
    attachments,
    conversations,
    // The agent does not wait for it.
    startApp: async (projectId) => {
      const project = await projects.find(projectId);
      if (!project) return;
      await lifecycle
        .startProject(project)
        .catch((err: unknown) => log.info({ err, project_id: projectId }, "app not started with the first message"));
    },
    events,
    log,
  });
  const cardRuns = createCardRuns({ store: createCardRunsStore(db), kanban, moves: cardMoves, runs, queue, events, log });
  const firstMessages: FirstMessages = {
    check: runs.checkFirst,
    keep: queue.addFirst,
    begin: (project) => queue.afterSetup(project.id),
  };
  const plans = createChatPlans({ store: createPlansStore(db), chats: chatStore, runs, events });
  const toolsOfRuns: readonly FeatureTools[] = [
    ...featureTools,
    { provideTools: async ({ project }) => ({ tools: [requestSecretTool(() => secretsStore.listKeys(db, project.id))] }), tools: [] },
    createAttachmentTools({ attachments, redact: redactions.redact }),
    ...(config.features.planMode ? [plans] : []),
  ];
  const listedTools = [...allTools, ...toolsOfRuns.flatMap(({ tools }) => tools)];
  const finishOrphans = createFinishOrphans({
    store: chatStore,
    finishMessage: (taskId, messageId, end) => runsStore.transaction((tx) => runsStore.finishMessage(tx, taskId, messageId, end)),
  });
  const transcripts = createTranscripts({
    store: transcriptsStore,
    chats: chatStore,
    ownChat: runs.ownChat,
    finishOrphans,
    lastRewind: rewindsStore.findLast,
  });
  const chats = createChats({
    store: chatStore,
    finishOrphans,
    conversations: conversationStore,
    runs: {
      pendingRequest: approvals.pending,
      stopRun: runs.stopRunOfChat,
    },
    projects,
    lastRewind: rewindsStore.findLast,
    onMessagesDeleted: attachments.prune,
  });
  const serveSocket = createChatSocket({ runs, send: queue.send, approvals, questions, events });
  const changesStore = createChangesStore(db);
  const runChangeSets = createRunChangeSets({ store: changesStore, checkpoints, trees, projects, log });
  const lookup = createChangeSetLookup({ store: changesStore, projects });
  const texts = createModelTexts({ agents, models, credits, redactor: redactions.live });
  const notCommitted = async (projectId: string, taskId: string | null, error: unknown): Promise<void> => {
    const reason = error instanceof AppError ? error.message : "git failed.";
    await events.append(projectId, { type: "git_changed", data: { not_committed: reason }, ...(taskId !== null && { task_id: taskId }) });
  };
  const runCommits = createRunCommits({
    access: gitAccess,
    committed,
    store: changesStore,
    projects,
    pathsOf: runChangeSets.pathsOf,
    notCommitted,
    rename: ({ project_id, before_id }, subject) => checkpoints.rename(project_id, before_id, subject),
    messageOf: createRunCommitMessage({
      chats: chatStore,
      patchOf: (project, row) => runChangeSets.patchOf(project, row, maxPatchBytes),
      texts,
      isOn: config.agent.writesCommitMessages,
      log,
    }),
    log,
  });
  const restoreCommits = createRestoreCommits({ access: gitAccess, commitAllPending: runCommits.commitAllPending, committed, log });
  const commitChange =
    (inExclusiveTask: boolean): RestoredRepository["commit"] =>
    (project, userId, change) =>
      restoreCommits.commit(
        { project, userId, ...change, notCommitted: (err) => notCommitted(project.id, null, err) },
        { inExclusiveTask },
      );
  const naming = createChatNaming({
    store: chatStore,
    generateTitle: texts.title,
    events,
    isOn: config.agent.namesChats,
    log,
  });
  const webhooks = createRunWebhooks({ store: createRunWebhooksStore(db), box, outbound, backoffMs: config.webhooks.backoffMs, log });
  onClose(() => webhooks.close());
  const costs = createRunCosts({ credits, priceOf, preferencesOf: models.preferences.get, limits: config.agent });
  const runTask = composeRunTask(platform, modelsArea, stores, {
    projects: {
      find: projects.find,
      whenSetUp: projects.whenSetUp,
      sandboxOf: projects.sandboxOf,
      touch: projects.touch,
      keepAwake: idle.keepAwake,
      expectChange: watch.expect,
      redactor: redactions.live,
      previewUrl: (hostLabel) => previewOrigin(address, hostLabel),
    },
    checkpoints: {
      before: runChangeSets.begin,
      saveDatabases: runDatabases.save,
      after: async (run) => {
        const summary = await runChangeSets.end(run);
        // Before the run ends: the next one may change the same files.
        await runCommits.afterRun(run.task_id);
        if (summary && summary.files > 0) await pictureTaker.request(run.project_id);
        return summary;
      },
    },
    commandStops,
    modelRetries,
    conversation: createRunConversation({
      chats: chatStore,
      approvals,
      questions,
      attachments: attachmentReader,
      conversations,
      toolImages: createToolImages({ attachments }),
      takeSteering: queue.takeSteering,
      syncPlan: plans.syncPlan,
    }),
    toolProviders: toolsOfRuns.map(({ provideTools }) => provideTools),
    costs,
    record: cassettes.record,
    followUp: {
      started: ({ chat_id: chatId }) => cardRuns.follow(chatId),
      ended: async ({ chat_id: chatId }) => {
        await queue.afterRun(chatId);
        await cardRuns.follow(chatId);
        await branches.afterRun(chatId);
        await naming.afterRun(chatId);
        await repairs.afterRun(chatId);
      },
      resume: runs.resume,
    },
    handleOf,
  });
  tasks.define(runType, webhooks.watch(runTask));

  return {
    runs,
    approvals,
    queue,
    webhooks,
    attachments,
    firstMessages,
    listedTools,
    transcripts,
    considerRepair: repairs.consider,
    changeConversation: rewinds.apply,
    commitRestored: commitChange(true),
    writeCommitMessage: (userId, project, diff) =>
      texts.commitMessage(
        { requestId: `commit-message:${crypto.randomUUID()}`, userId, projectId: project.id, chatId: null, agentId: null },
        { task: undefined, diff },
      ),
    jobs: {
      advance_queues: queue.sweep,
      ...cardRuns.jobHandlers,
      ...naming.jobHandlers,
      ...runCommits.jobHandlers,
      ...attachments.jobHandlers,
      ...webhooks.jobHandlers,
    },
    cron: { advance_queues: "* * * * *", follow_card_runs: "* * * * *", prune_attachments: "37 * * * *", sweep_webhooks: "* * * * *" },
    mount(mount) {
      mountChats(mount, { chats, rewinds, transcripts });
      mountRuns(mount, {
        runs,
        approvals,
        questions,
        commandStops,
        modelRetries,
        serveSocket,
        messages: queue,
        estimateRun: createEstimateRun({
          chats: chatStore,
          conversations,
          agents,
          models,
          projects,
          costs,
          typicalRun: credits.typicalRun,
        }),
        compactChat: createCompactChat({
          chats: chatStore,
          conversations,
          agents,
          models,
          projects: { require: projects.require, redactor: redactions.live },
          credits,
          costs,
          handleOf,
        }),
      });
      mountAgents(mount, { catalogue: createToolCatalogue(listedTools) });
      mountAttachments(mount, { attachments });
      mountPlans(mount, { plans });
      mountQueue(mount, { queue });
      mountCardRuns(mount, { cardRuns });
      mountCassettes(mount, { cassettes });
      mountChanges(mount, {
        list: createListRuns({ store: changesStore, projects, redactorOf: redactions.of }),
        diff: createDiffChangeSet({ lookup, store: changesStore, trees, redactorOf: redactions.of }),
        apply: createApplyChangeSet({
          lookup,
          store: changesStore,
          runChangeSets,
          trees,
          announce,
          commit: commitChange(false),
          refuseWhileRestoring,
        }),
      });
      mountAgentContext(mount, {
        contexts: createAgentContexts({ projects, files }),
        ofRun: createRunContextReader({ store: runsStore, chats: chatStore, ownRun: runs.ownRun }),
      });
    },
  };
}
