import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedPostgresOptions } from "./embedded.ts";
import { findOwner, finishInitdb, spawnAs } from "./os-user.ts";

/** The account of databases in projects, unless they choose another. */
const projectUser = "app";

/**
 * Makes an empty cluster with the bundled programs, for new databases of projects: to copy it takes a fraction of the time of `initdb`. It is
 * in the returned folder, as `cluster`, once `ready` resolves. It has no passwords, and everybody can read it.
 */
export async function prepareProjectCluster({
  programs,
  dataDir,
  reach,
  release,
}: Pick<EmbeddedPostgresOptions, "dataDir" | "reach" | "release"> & { programs: string }): Promise<{
  folder: string;
  ready: Promise<void>;
}> {
  const home = join(dataDir, "postgres-cluster");
  const { version } = JSON.parse(await readFile(join(programs, "../package.json"), "utf8")) as { version: string };
  const folder = join(home, version);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const make = async () => {
    for (const other of await readdir(home)) if (other !== version) await rm(join(home, other), { recursive: true, force: true });
    if (existsSync(join(folder, "cluster/PG_VERSION"))) return;
    const owner = await findOwner(home);
    const fresh = join(folder, "new");
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    if (owner.isOther) await chown(fresh, owner.uid, owner.gid);
    const reachable = owner.isOther ? await reach(folder) : folder;
    const bin = join(owner.isOther ? await reach(programs) : programs, "bin");
    try {
      await finishInitdb(spawnAs(owner, join(bin, "initdb"), ["-D", join(reachable, "new"), "-U", projectUser, ...projectClusterOptions]));
    } finally {
      if (owner.isOther) await release?.(folder);
    }
    for (const entry of await readdir(fresh, { recursive: true, withFileTypes: true }))
      await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
    await chmod(fresh, 0o755);
    await rename(fresh, join(folder, "cluster"));
  };
  return { folder, ready: make() };
}
/** As in the start script of the service: `features/runtime/containers/catalogue/programs.ts`. */
const projectClusterOptions = ["--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"];
