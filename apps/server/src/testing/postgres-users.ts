import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Workers that still close shared resources while vitest runs the global teardown: one file each, named by pid. */
const folderOf = (usersDir: string): string => {
  mkdirSync(usersDir, { recursive: true });
  return usersDir;
};

/** Registers this process as a user of the database; returns the unregister function. */
export function usePostgres({ usersDir }: { usersDir: string }): () => void {
  const file = join(folderOf(usersDir), String(process.pid));
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}

/** Resolves when no live process uses the database, at most after a minute. */
export async function postgresIsUnused(usersDir: string): Promise<void> {
  const isUsed = () => readdirSync(folderOf(usersDir)).some((pid) => existsSync(`/proc/${pid}`));
  for (const until = Date.now() + 60_000; isUsed() && Date.now() < until;) await sleep(20);
}
