import { isString, readStored, writeStored } from "./storage.ts";

const key = "tesslate.draft";

/** The prompt being written on Home; survives sign-in, reload and a lost session in this tab. */
export const readDraft = (): string => readStored(sessionStorage, key, isString) ?? "";
export const keepDraft = (text: string): void => writeStored(sessionStorage, key, text.trim() ? text : undefined);
