/**
 * Watches over the services of a server that has ended, until another server adopts them or the grace period is over; then stops the
 * services gracefully. Services of deleted folders are ended at once. Arguments: its name, a `CaretakerState`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRuntime } from "./create.ts";
import { RuntimeError } from "./errors.ts";
import { rememberFolder } from "./host/files/folder.ts";
import { endLeftovers } from "./host/leftovers.ts";
import { findDeletedSandboxes } from "./host/deleted-sandboxes.ts";
import { hasServices, type CaretakerState } from "./lease.ts";

/** Without services, wait this long in case the next server is starting. */
const emptyMs = 5_000;

const { owner, holder, graceMs, ...state } = JSON.parse(process.argv[3] ?? "") as CaretakerState;
// Load before anything is deleted.
const docker = state.driver === "docker" ? await import("./docker/leftovers.ts") : undefined;
const isThere = rememberFolder(owner.dir);
const hasTakenOver = () => {
  const file = join(owner.dir, "lock");
  return existsSync(file) && ![holder, ""].includes(readFileSync(file, "utf8"));
};

/** Opening the runtime ends services of deleted folders; closing it ends the rest. */
async function open({ leaveRunning }: { leaveRunning: boolean }) {
  try {
    const runtime = await createRuntime(state);
    await runtime.close({ leaveRunning });
  } catch (error) {
    // Another server took over in the last moment, or the engine is not running and neither are its containers.
    if (!(error instanceof RuntimeError) && isThere()) throw error;
  }
}

async function lookAfter() {
  let known = "";
  const started = Date.now();
  for (const until = started + graceMs; Date.now() < until; await sleep(Math.min(1_000, Math.max(0, until - Date.now())))) {
    if (!isThere()) break;
    if (hasTakenOver()) return;
    const deleted = findDeletedSandboxes(owner.dir).join();
    if (deleted !== known && deleted !== "") await open({ leaveRunning: true });
    known = deleted;
    if (Date.now() - started > emptyMs && !hasServices(owner.dir)) break;
  }
  if (isThere()) await open({ leaveRunning: false });
  if (isThere()) return;
  await docker?.endContainers(state.docker ?? {}, owner.key);
  await endLeftovers(owner);
}

await lookAfter();
