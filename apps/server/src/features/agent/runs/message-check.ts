import type { SendMessage } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, invalid } from "../../../platform/errors.ts";
import type { Credits } from "../../billing/credits/index.ts";
import type { Agents } from "../agents/index.ts";
import type { Attachments } from "../attachments/index.ts";
import type { Models } from "../models/index.ts";
import type { RunInput } from "./run.ts";

export type MessageCheck = ReturnType<typeof createMessageCheck>;
/** Checks what a run needs before anything is stored: the agent, the model, the attachments and the credits. */
export function createMessageCheck({
  agents,
  models,
  attachments,
  credits,
}: {
  agents: Pick<Agents, "resolve">;
  models: Pick<Models, "resolve">;
  attachments: Pick<Attachments, "require" | "claim">;
  credits: Pick<Credits, "require">;
}) {
  return {
    /** Throws 422 for an empty message. */
    requireContent: ({ message, attachments: ids }: Pick<SendMessage, "message" | "attachments">): void => {
      if (message.trim() === "" && (ids ?? []).length === 0)
        throw invalid(["body", "message"], "Enter a message or attach a file", "too_short");
    },
    /** For a new message. `project`: null before it is created. Throws what `start` throws. */
    resolve: async (
      userId: string,
      { agent_id, model: requested, attachments: ids }: Pick<SendMessage, "agent_id" | "model" | "attachments">,
      project: { id: string; model: string | null } | null,
    ) => {
      const agent = await agents.resolve(userId, agent_id);
      const model = await models.resolve(userId, { model: requested ?? project?.model ?? null, agent });
      const attached = await attachments.require(userId, project?.id ?? null, ids ?? []);
      if (model.vision === false && attached.some((one) => one.kind === "image"))
        throw badRequest(`${model.model_id} does not support images. Choose another model or remove the images.`, "vision_not_supported", {
          model: model.model_id,
        });
      await credits.require(userId, model);
      return { agent, model, attached };
    },
    /** Attaches attachments to the message that is being stored. */
    claim: (tx: Queries, userId: string, projectId: string, ids: readonly string[]) => attachments.claim(tx, userId, projectId, ids),
    /** For a run that continues an earlier one. */
    resolveAgain: async (userId: string, { agent_id, model_id }: Pick<RunInput, "agent_id" | "model_id">) => {
      const agent = await agents.resolve(userId, agent_id);
      const model = await models.resolve(userId, { model: model_id, agent });
      await credits.require(userId, model);
      return { agent, model };
    },
  };
}
