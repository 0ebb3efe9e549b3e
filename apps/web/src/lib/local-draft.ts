import { readStored, writeStored } from "./storage.ts";

/** The prompt of a project that is not created yet, as this browser keeps it until the server has it. */
export interface LocalDraft {
  /** Who wrote it; null: a visitor, so that whoever signs in next here gets it. */
  user_id: string | null;
  /** Empty: the draft was deleted. */
  text: string;
  base_id: string | null;
  /** It runs as soon as it can. */
  is_submitted: boolean;
  /** Milliseconds since 1970. */
  saved_at: number;
}
const key = "tesslate.draft";
/** After this, a visitor's prompt no longer runs automatically after the sign-in, because it may belong to another person. */
const submittedMs = 24 * 3_600_000;

const isDraft = (value: unknown): value is LocalDraft =>
  typeof value === "object" &&
  value !== null &&
  "text" in value &&
  typeof value.text === "string" &&
  "base_id" in value &&
  (value.base_id === null || typeof value.base_id === "string") &&
  "is_submitted" in value &&
  typeof value.is_submitted === "boolean" &&
  "saved_at" in value &&
  typeof value.saved_at === "number" &&
  "user_id" in value &&
  (value.user_id === null || typeof value.user_id === "string");

/** The draft of a user or of a visitor in this browser; `userId` null: of a visitor only. */
export function readLocalDraft(userId: string | null): LocalDraft | undefined {
  const draft = readStored(localStorage, key, isDraft);
  if (!draft || (draft.user_id !== null && draft.user_id !== userId)) return undefined;
  if (!draft.is_submitted || Date.now() - draft.saved_at < submittedMs) return draft;
  const held = { ...draft, is_submitted: false };
  writeStored(localStorage, key, held);
  return held;
}
export const keepLocalDraft = (draft: Omit<LocalDraft, "saved_at">): void =>
  writeStored(localStorage, key, { ...draft, saved_at: Date.now() });

/** Deletes what the server has now. What was written since stays. */
export function forgetLocalDraft(sent: Pick<LocalDraft, "text" | "base_id" | "is_submitted">): void {
  const draft = readStored(localStorage, key, isDraft);
  if (draft?.text === sent.text && draft.base_id === sent.base_id && draft.is_submitted === sent.is_submitted) dropLocalDraft();
}
export const dropLocalDraft = (): void => writeStored(localStorage, key, undefined);
