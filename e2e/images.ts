/** Prebuilt template images: kept in the checkout between runs, and provided to the data folders of the servers as hard links. */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Images {
  /** Puts the known images into a data folder, before its server starts. */
  provide(dataDir: string): Promise<void>;
  /** Keeps the images that the server of that data folder has built. */
  collect(dataDir: string): Promise<void>;
}

const root = join(import.meta.dirname, "..");
/** An image has its whole content in its name (packages/runtime/src/host/images/images.ts), so an image with that name is valid. */
const imageStore = join(root, ".studio/images");
const isRoot = process.getuid?.() === 0;
const namesIn = async (dir: string) =>
  (await readdir(dir).catch(() => [])).filter((id) => !id.startsWith(".") && existsSync(join(dir, id, "manifest.json")));
/** `react-vite-…`: the template's name and a hash. */
const templateOf = (id: string) => id.slice(0, id.lastIndexOf("-"));

/** Hard links if both are on one file system. The images belong to root, so that no project can change them. */
async function copy(from: string, to: string): Promise<void> {
  const work = `${to}.${process.pid}`;
  const isNear = (await stat(from)).dev === (await stat(join(to, ".."))).dev;
  const { status, stderr } = spawnSync("cp", [isNear && isRoot ? "-al" : "-a", from, work], { encoding: "utf8" });
  if (status !== 0) throw new Error(`an image cannot be copied: ${stderr}`);
  await rename(work, to).catch(() => rm(work, { recursive: true, force: true })); // another process was faster
}

/** `templates`: those that are needed. `near`: a folder on the file system of the data folders. */
export async function openImages(near: string, templates: ReadonlySet<string>): Promise<Images> {
  await mkdir(imageStore, { recursive: true });
  await mkdir(near, { recursive: true });
  const collect = async (dataDir: string): Promise<void> => {
    const source = join(dataDir, "runtime/images");
    const known = await namesIn(imageStore);
    for (const id of await namesIn(source)) {
      if (known.includes(id)) continue;
      const work = join(imageStore, `.${id}.${process.pid}`);
      await run("cp", ["-a", join(source, id), work]);
      if (isRoot) await run("chown", ["-R", "-h", "0:0", work]);
      await rename(work, join(imageStore, id)).catch(() => rm(work, { recursive: true, force: true }));
      for (const old of known.filter((one) => templateOf(one) === templateOf(id)))
        await rm(join(imageStore, old), { recursive: true, force: true });
    }
  };
  /** Two servers can have built the same image: one is collected after the other. */
  let collected = Promise.resolve();
  return {
    async provide(dataDir) {
      const target = join(dataDir, "runtime/images");
      const wanted = (await namesIn(imageStore)).filter((id) => templates.has(templateOf(id)));
      if (wanted.length === 0) return;
      // Modes as the runtime sets them: every project can enter, none can list.
      await mkdir(target, { recursive: true });
      for (const dir of [join(dataDir, "runtime"), target]) spawnSync("chmod", ["711", dir]);
      for (const id of wanted) {
        if (!existsSync(join(near, id))) await copy(join(imageStore, id), join(near, id));
        if (!existsSync(join(target, id))) await copy(join(near, id), join(target, id));
      }
    },
    collect: (dataDir) => {
      const next = collected.then(() => collect(dataDir));
      collected = next.catch(() => undefined);
      return next;
    },
  };
}
