import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";
import type { Logger } from "../../../platform/logger.ts";
import { messageReferences, messageText, titleFromMessage, type ChatStore, type ModelTexts } from "../chats/index.ts";

/** The message of the commit of a run: written by the run's model; else, or if `isBrief`, the beginning of what the person asked for. */
export const createRunCommitMessage =
  ({
    chats,
    patchOf,
    texts,
    isOn,
    log,
  }: {
    chats: Pick<ChatStore, "findMessage" | "findRun">;
    /** The run's changes as a patch, shortened. */
    patchOf(project: ProjectRow, row: ChangeSetRow): Promise<string>;
    texts: Pick<ModelTexts, "commitMessage">;
    isOn: boolean;
    log: Logger;
  }) =>
  async (project: ProjectRow, row: ChangeSetRow, { isBrief = false }: { isBrief?: boolean } = {}): Promise<string> => {
    const [question, task] = await Promise.all([chats.findMessage(row.message_id), chats.findRun(row.task_id)]);
    const asked = question && messageText(question.content, messageReferences(question).attachments ?? []);
    const written = async () => {
      const input = task?.input as { agent_id?: string; model_id?: string } | undefined;
      return texts.commitMessage(
        {
          requestId: `commit:${row.task_id}`,
          userId: row.user_id,
          projectId: project.id,
          chatId: row.chat_id,
          agentId: input?.agent_id ?? null,
          ...(input?.model_id !== undefined && { modelId: input.model_id }),
        },
        { task: asked, diff: await patchOf(project, row) },
      );
    };
    const proposed =
      isOn && !isBrief
        ? await written().catch((err: unknown) => {
            log.info({ err, task_id: row.task_id }, "commit message not written by the model");
            return undefined;
          })
        : undefined;
    return proposed ?? (asked === undefined ? "Change files" : titleFromMessage(asked));
  };
