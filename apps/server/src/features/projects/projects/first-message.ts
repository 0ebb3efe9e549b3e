import type { CreateProject, EditMode } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";

/** The user who creates a project with a first message. */
export interface Creator {
  id: string;
  name: string;
  /** When created with an API key, the run is limited to the key's scopes. */
  key?: { edit_mode: EditMode };
}
export type FirstMessage = Pick<CreateProject, "attachments" | "model" | "edit_mode" | "agent_id"> & { message: string };
/** What the first message needs from chat. */
export interface FirstMessages {
  /** Validates the message; stores nothing. */
  check(userId: string, first: FirstMessage): Promise<void>;
  /** Runs in the transaction that creates the project. Returns the id of the chat in whose queue it waits. */
  keep(tx: Queries, creator: Creator, projectId: string, first: FirstMessage): Promise<string>;
  /** Called when the project is set up. Never throws. */
  begin(project: ProjectRow): Promise<void>;
}
/** `undefined` without text and attachments. */
export function firstMessageOf({ message, attachments, model, edit_mode, agent_id }: CreateProject): FirstMessage | undefined {
  const text = message?.trim() ?? "";
  if (text === "" && !attachments?.length) return undefined;
  return {
    message: text,
    ...(attachments && { attachments }),
    ...(model && { model }),
    ...(edit_mode && { edit_mode }),
    ...(agent_id && { agent_id }),
  };
}
