import { conflict } from "../../../platform/errors.ts";
import type { Tasks } from "./tasks.service.ts";

/** Tasks that exchange a project's files under everybody, and what is said to whoever comes meanwhile: nothing else begins in there. */
export const exchanges = {
  snapshot_restore: "This project is being restored. Try again in a moment.",
  git_clone: "A repository is being cloned into this project. Try again in a moment.",
} as const;
type Exchange = keyof typeof exchanges;
export const exchangeTypes = Object.keys(exchanges) as Exchange[];

/** The unique key of such a task: one of each at a time. */
export const exchangeKey = (type: Exchange, projectId: string): string => `${type}:${projectId}`;

/** The one that is under way in a project. */
export const findExchange = async (tasks: Pick<Tasks, "findUnfinished">, projectId: string): Promise<Exchange | undefined> => {
  for (const type of exchangeTypes) if (await tasks.findUnfinished(exchangeKey(type, projectId))) return type;
  return undefined;
};
/** Throws `project_busy` for what would meet it half way. */
export const refuseDuringExchange = async (tasks: Pick<Tasks, "findUnfinished">, projectId: string): Promise<void> => {
  const type = await findExchange(tasks, projectId);
  if (type) throw conflict("project_busy", exchanges[type]);
};
