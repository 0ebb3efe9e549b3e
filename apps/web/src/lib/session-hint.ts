import { readStored, writeStored } from "./storage.ts";

const key = "tesslate.had-session";

/** Whether this browser had a session when it last asked. Only says which code to load while the session is asked for. */
export const hadSession = (): boolean => readStored(localStorage, key, (value): value is true => value === true) === true;
export const noteSession = (hasSession: boolean): void => writeStored(localStorage, key, hasSession || undefined);
