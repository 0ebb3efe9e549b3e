import { createAssetFollower, createAssets, createAssetsStore, mountAssets, type AssetsStore } from "../features/projects/assets/index.ts";
import { createLogProblems, type LogProblems } from "../features/runtime/containers/index.ts";
import {
  createAnnounce,
  createFiles,
  createFileSearch,
  createFilesWatch,
  createFileUpload,
  mountFiles,
  type Announce,
  type Files,
  type FileSearch,
  type FilesWatch,
} from "../features/projects/files/index.ts";
import { createElementEdits, createElementEditsStore, mountElementEdits } from "../features/projects/element-edits/index.ts";
import {
  createCardMoves,
  createKanban,
  createKanbanStore,
  mountKanban,
  type CardMoves,
  type Kanban,
} from "../features/projects/kanban/index.ts";
import { createNotes, createNotesStore, mountNotes } from "../features/projects/notes/index.ts";
import { createPresence, mountPresence, type Presence } from "../features/projects/presence/index.ts";
import { createGitStore, identityConfig } from "../features/source/git/index.ts";
import { createShell, createShellStore, mountShell, type Shell } from "../features/runtime/shell/index.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";

/** A project's workspace: files, assets, board, notes, terminals. */
export interface WorkspaceArea extends Area {
  watch: FilesWatch;
  logProblems: LogProblems;
  announce: Announce;
  files: Files;
  search: FileSearch;
  assetsStore: AssetsStore;
  kanban: Kanban;
  cardMoves: CardMoves;
  /** To call after a restore, a clone or git replaced files of a project. */
  treeReplaced: (projectId: string) => Promise<void>;
  shell: Shell;
  presence: Presence;
}

export function composeWorkspace(
  { config, log, onClose, db, events, processId, owners }: Platform,
  { containersStore, redactions }: Pick<SecretsArea, "containersStore" | "redactions">,
  { projects, beforeChange }: ProjectsArea,
  { idle, services }: ContainersArea,
  { usersStore }: Pick<AccountsArea, "usersStore">,
): WorkspaceArea {
  const watch = createFilesWatch({ events, log });
  onClose(async () => watch.close());
  const logProblems = createLogProblems({ store: containersStore, onServiceState: projects.onServiceState, events, redactions, log });
  onClose(async () => logProblems.close());
  const assetsStore = createAssetsStore(db);
  const assetFollower = createAssetFollower({ store: assetsStore, projects });
  const announce = createAnnounce({
    projects,
    events,
    watch,
    onChanged: [
      async (projectId, changes) => {
        if (changes.some(({ op }) => op !== "delete")) beforeChange.changed(projectId);
      },
      assetFollower.follow,
    ],
  });
  const files = createFiles({ projects, announce, checkpointBefore: beforeChange.before });
  const search = createFileSearch({ projects, keepAwake: idle.keepAwake });
  const assets = createAssets({ store: assetsStore, projects, announce, checkpointBefore: beforeChange.before });
  const elementEdits = createElementEdits({
    projects,
    announce,
    checkpointBefore: beforeChange.before,
    store: createElementEditsStore(db),
  });
  const kanbanStore = createKanbanStore(db);
  const kanban = createKanban({ store: kanbanStore, projects, events });
  const notes = createNotes({ store: createNotesStore(db), projects, events });
  const presence = createPresence({ users: usersStore });
  const { identityOf } = createGitStore(db);
  const shell = createShell({
    access: {
      require: projects.require,
      find: projects.find,
      sandboxOf: projects.sandboxOf,
      awake: idle.awake,
      hold: idle.hold,
      activity: (projectId) => {
        void projects.used(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "activity not noted"));
      },
      listContainers: (projectId) => containersStore.listAll(projectId),
      environmentOf: services.environmentOf,
      gitConfigOf: async (userId) => identityConfig(await identityOf(userId)),
      redactor: redactions.live,
    },
    store: createShellStore(db),
    limits: config.shell,
    log,
    processId,
    isOneOfSeveral: owners.isOneOfSeveral,
  });
  onClose(() => shell.close());
  projects.onRelease(({ project_id, container_id }) =>
    container_id ? shell.closeContainer(container_id) : shell.closeProject(project_id),
  );

  return {
    watch,
    logProblems,
    announce,
    files,
    search,
    assetsStore,
    kanban,
    cardMoves: createCardMoves({ store: kanbanStore }),
    treeReplaced: async (projectId) => {
      await events.append(projectId, { type: "files_replaced", data: {} });
      await assetFollower.reconcile(projectId);
    },
    shell,
    presence,
    mount(mount) {
      mountFiles(mount, { files, search, upload: createFileUpload({ projects, announce, checkpointBefore: beforeChange.before }) });
      mountAssets(mount, { assets });
      mountElementEdits(mount, { elementEdits });
      mountKanban(mount, { kanban });
      mountNotes(mount, { notes });
      mountPresence(mount, { projects, presence });
      mountShell(mount, { shell });
    },
  };
}
