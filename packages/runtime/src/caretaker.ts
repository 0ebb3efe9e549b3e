/**
 * Looks after what a server left that is gone, until somebody takes over or its time is up: then ends the services, in the way each of
 * them asks for. What was deleted meanwhile is ended at once. Arguments: its name, an `Estate`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRuntime } from "./create.ts";
import { RuntimeError } from "./errors.ts";
import { rememberFolder } from "./host/folder.ts";
import { endLeftovers } from "./host/leftovers.ts";
import { findStrays } from "./host/deleted-sandboxes.ts";
import { hasServices, type Estate } from "./lease.ts";

/** Where nothing runs there is nothing to wait for, unless the next server is on its way. */
const emptyMs = 5_000;

const { owner, holder, graceMs, ...estate } = JSON.parse(process.argv[3] ?? "") as Estate;
// Loaded before anything is deleted.
const docker = estate.driver === "docker" ? await import("./docker/leftovers.ts") : undefined;
const isThere = rememberFolder(owner.dir);
const hasTakenOver = () => {
  const file = join(owner.dir, "lock");
  return existsSync(file) && ![holder, ""].includes(readFileSync(file, "utf8"));
};

/** Opening the runtime ends what ran in folders that are gone, closing it the rest. */
async function open({ leaveRunning }: { leaveRunning: boolean }) {
  try {
    const runtime = await createRuntime(estate);
    await runtime.close({ leaveRunning });
  } catch (error) {
    // A server came in the last moment, or the engine is away: then its containers are too.
    if (!(error instanceof RuntimeError) && isThere()) throw error;
  }
}

async function lookAfter() {
  let known = "";
  const started = Date.now();
  for (const until = started + graceMs; Date.now() < until; await sleep(Math.min(1_000, Math.max(0, until - Date.now())))) {
    if (!isThere()) break;
    if (hasTakenOver()) return;
    const strays = findStrays(owner.dir).join();
    if (strays !== known && strays !== "") await open({ leaveRunning: true });
    known = strays;
    if (Date.now() - started > emptyMs && !hasServices(owner.dir)) break;
  }
  if (isThere()) await open({ leaveRunning: false });
  if (isThere()) return;
  await docker?.endContainers(estate.docker ?? {}, owner.key);
  await endLeftovers(owner);
}

await lookAfter();
