import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { isFreePort } from "../free-port.ts";
import { findCgroups } from "../host/processes/cgroups.ts";
import { createHostDriver } from "../host/driver.ts";
import { hostSandboxes } from "../host/sandbox.ts";
import { endPrograms, sweepDeleted } from "../host/leftovers.ts";
import { locateProgram, reachPrograms } from "../host/processes/programs.ts";
import { openState } from "../host/state.ts";
import { findTools, writeWrappers, type ToolPaths } from "../host/images/tools.ts";
import { silentLog, type RuntimeLog } from "../log.ts";
import type { MachineFacts } from "../machine-facts.ts";
import { run } from "../run.ts";
import type { RuntimeDriver } from "../types.ts";
import { createProcessIsolation } from "./isolation.ts";

export interface ProcessDriverOptions {
  dataDir: string;
  toolchain?: ToolPaths;
  /** Host folders that replace `/opt/<name>` in services' paths. */
  programs?: Readonly<Record<string, string>>;
  /** Known facts about this machine. */
  machine?: MachineFacts;
  log?: RuntimeLog;
}

/**
 * Plain processes without isolation, for machines where nothing else works and the operator selects it by name. As root every project
 * still has its own uid, and limits where control groups exist; the environment is clean. Linux only: it finds ports in `/proc`.
 */
export async function createProcessDriver({
  dataDir,
  toolchain,
  programs: folders = {},
  machine,
  log = silentLog,
}: ProcessDriverOptions): Promise<RuntimeDriver> {
  if (process.platform !== "linux") throw new RuntimeError("unavailable", "the process driver needs Linux");
  // The sandbox driver requires it as well.
  if (machine === undefined || machine.sandbox.reason !== undefined)
    await run(["setpriv", "--version"]).catch((cause: unknown) => {
      throw new RuntimeError("unavailable", "setpriv (util-linux) is not installed", { cause });
    });
  await sweepDeleted(log);
  const state = await openState(dataDir, undefined, log);
  try {
    const { key, root, runDir, slots, reach } = state;
    const isRoot = process.getuid?.() === 0;
    const tools = await findTools(reach, toolchain, machine?.programs);
    const programs = await reachPrograms(folders, reach);
    const bin = join(runDir, "bin");
    writeWrappers(bin, tools);
    const { cgroups } = findCgroups(`tesslate-${key}`);
    const hasGroups = cgroups.kind !== "none";
    const warnings = [
      "Project code runs without isolation: it can reach this machine's network and processes, and every file its user can read.",
    ];
    for (const warning of warnings) log.warn({ isolation: "process" }, warning);
    const can = { pty: true, freeze: hasGroups, limits: hasGroups, privateNetwork: false, peers: true, images: false, history: true };
    return createHostDriver({
      name: "process",
      isolation: "process",
      warnings,
      can,
      dir: state.dir,
      root,
      slots,
      // Built for other paths than those of a sandbox.
      versions: { ...tools.versions, driver: "process" },
      openSandbox: hostSandboxes({
        createSandboxIsolation: (location) => createProcessIsolation(location, { key, bin, cgroups, hasOwnUid: isRoot }),
        programs,
        runDir,
        can,
        assignPort: (id, port) => slots.portFor(id, port, isFreePort),
        log,
      }),
      locate: (path) => locateProgram(path, programs),
      async endOrphan(id, slot) {
        const group = slot.number.toString(36);
        if (cgroups.names().includes(group)) await cgroups.group(group).remove();
        await endPrograms({ below: [join(root, "sandboxes", id)], mark: `${key}/${id}/` });
      },
      log,
      async onClose({ isLeftRunning }) {
        if (!isLeftRunning) {
          for (const name of cgroups.names()) await cgroups.group(name).remove();
          cgroups.remove();
        }
        await state.release({ isLeftRunning });
      },
    });
  } catch (error) {
    await state.release({ isLeftRunning: true });
    throw error;
  }
}
