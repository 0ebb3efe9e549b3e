import { readFileSync, readdirSync } from "node:fs";

/** Every descendant of `pid`, nearest first; reparented ones are not found. */
export function descendants(pid: number): number[] {
  const found: number[] = [];
  const queue = [pid];
  for (let at = queue.shift(); at !== undefined; at = queue.shift())
    for (const child of childrenOf(at)) {
      found.push(child);
      queue.push(child);
    }
  return found;
}

/** Program names of these processes, without those that just ended. */
export const namesOf = (pids: readonly number[]): string[] =>
  pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd()];
    } catch {
      return [];
    }
  });

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return []; // it just ended
  }
}
