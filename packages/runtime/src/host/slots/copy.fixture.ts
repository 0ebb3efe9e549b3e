/** Opens a state folder and kills itself before its n-th file change. Arguments: the data folder, n. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [dataDir = "", last = ""] = process.argv.slice(2);
let left = Number(last);
for (const name of ["renameSync", "lchownSync", "rmSync"] as const) {
  const real = fs[name] as (...args: unknown[]) => void;
  (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
    if (--left === 0) process.kill(process.pid, "SIGKILL");
    return real(...args);
  };
}
syncBuiltinESMExports();

const [{ openState }, { silentLog }] = await Promise.all([import("../state.ts"), import("../../log.ts")]);
await (await openState(dataDir, undefined, silentLog)).release({ isLeftRunning: false });
