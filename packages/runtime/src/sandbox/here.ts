import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { createSandboxDriver } from "./driver.ts";

/** Why this machine cannot host the sandbox driver at all; undefined when it can, at whatever level. */
export async function unavailableHere(): Promise<string | undefined> {
  const dataDir = await mkdtemp(join(tmpdir(), "probe-"));
  try {
    await (await createSandboxDriver({ dataDir })).close();
    return undefined;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "unavailable") return error.message;
    throw error;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
