import type { MessageAttachment } from "@tesslate/contract";
import { readStored, writeStored } from "../../lib/storage.ts";

/** What Home hands to the workbench of a project it has just made; the workbench sends it by itself. */
export interface FirstMessage {
  message: string;
  model?: string;
  /** Who answers; without one whoever answers in new projects. */
  agent_id?: string;
  attachments?: MessageAttachment[];
}
const keyOf = (slug: string) => `tesslate.first-message.${slug}`;
const isFirstMessage = (value: unknown): value is FirstMessage =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as FirstMessage).message === "string" &&
  ((value as FirstMessage).message.trim() !== "" || ((value as FirstMessage).attachments?.length ?? 0) > 0);

export const keepFirstMessage = (slug: string, first: FirstMessage): void => writeStored(sessionStorage, keyOf(slug), first);
/** Still unsent after a reload? Then it is still here. */
export const findFirstMessage = (slug: string): FirstMessage | undefined => readStored(sessionStorage, keyOf(slug), isFirstMessage);
/** Call when the server has accepted it. */
export const dropFirstMessage = (slug: string): void => writeStored(sessionStorage, keyOf(slug), undefined);
