import { readFileSync, readdirSync } from "node:fs";

/** Every process below `pid`, nearest first; those that were handed to init meanwhile are not found. */
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

/** Names of the programs that these processes are; those that just ended are left out. */
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
