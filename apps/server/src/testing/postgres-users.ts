import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Workers that still close what they share while vitest already takes down what is global: a file each, named by their pid. */
const folderOf = (usersDir: string): string => {
  mkdirSync(usersDir, { recursive: true });
  return usersDir;
};

/** Says that this process needs the database; the returned function takes it back. */
export function usePostgres({ usersDir }: { usersDir: string }): () => void {
  const file = join(folderOf(usersDir), String(process.pid));
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}

/** Resolves when no living process needs the database any more; one that does not say so within a minute is not waited for. */
export async function postgresIsUnused(usersDir: string): Promise<void> {
  const isUsed = () => readdirSync(folderOf(usersDir)).some((pid) => existsSync(`/proc/${pid}`));
  for (const until = Date.now() + 60_000; isUsed() && Date.now() < until;) await sleep(20);
}
