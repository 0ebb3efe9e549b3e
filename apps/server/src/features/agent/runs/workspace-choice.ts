import { parallelRunsOf, type EditMode, type Workspace } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { conflict } from "../../../platform/errors.ts";
import { messageOfRun, type ChatStore } from "../chats/index.ts";
import type { RunBranches } from "./run.ts";

export type ChooseWorkspace = ReturnType<typeof createChooseWorkspace>;
/**
 * Decides in the transaction that starts a run where it works. Returns its branch, which may be new; undefined: in the project's files.
 * Throws `run_active` for a message that has to wait, `workspace_required` where a person has to choose, and what creating a branch throws.
 */
export const createChooseWorkspace =
  ({ chats, branches }: { chats: Pick<ChatStore, "lock" | "listRunsThatChangeFiles">; branches: RunBranches }) =>
  async (
    tx: Queries,
    {
      project,
      chatId,
      requested,
      editMode,
    }: { project: ProjectRow; chatId: string; requested: Workspace | null | undefined; editMode: EditMode },
  ): Promise<{ branch: ProjectRow; isNew: boolean } | undefined> => {
    const own = await branches.findOfChat(chatId, tx);
    if (own) return { branch: own, isNew: false };
    const create = async () => ({ branch: await branches.create(tx, project, chatId), isNew: true });
    if (requested === "branch") return create();
    if (editMode === "plan") return undefined;
    // Also for `project`: the others have to see it.
    await chats.lock(tx, `runs:${project.id}`);
    if (requested === "project") return undefined;
    const others = (await chats.listRunsThatChangeFiles(tx, project.id)).filter((run) => run.chat_id !== chatId);
    if (others.length === 0) return undefined;
    const isAsking = requested === "ask" || !requested;
    switch (isAsking ? parallelRunsOf(project.settings) : requested) {
      case "branch":
        return create();
      case "wait":
        throw conflict("run_active", "Another run is changing the files of this project. Try again when it is done.");
      case "project":
        return undefined;
      case "ask":
        if (requested !== "ask") return undefined;
        throw conflict("workspace_required", "Another run is changing the files of this project. Choose where this one works.", {
          runs: others.map((run) => ({ task_id: run.id, chat_id: run.chat_id, message: messageOfRun(run) })),
        });
    }
  };
