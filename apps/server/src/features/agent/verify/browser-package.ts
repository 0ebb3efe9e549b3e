import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { npmProgram } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";

/** The npm package whose Chromium is used where the machine has none, with the hash of its archive. */
const chromiumPackage = {
  name: "@sparticuz/chromium",
  version: "153.0.0",
  integrity: "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
};
const downloadMs = 10 * 60_000;
const run = promisify(execFile);
const decompress = promisify(brotliDecompress);

/** A Chromium from the package. Its folder also has the libraries and fonts that it needs. */
export interface PackagedChromium {
  executable: string;
  folder: string;
}

/** Why the package cannot be used on this machine; undefined when it can. */
export const packageProblem = (): string | undefined =>
  process.platform === "linux" && process.arch === "x64"
    ? undefined
    : `There is no npm package with Chromium for ${process.platform} on ${process.arch}. Install Chromium on this machine, or set CHROMIUM_PATH.`;

/** Downloads Chromium with npm, from the registry that npm is configured for, into `dir`. */
export function createBrowserPackage(dir: string) {
  const folder = join(dir, chromiumPackage.version);
  const executable = join(folder, "chromium");
  return {
    find: (): PackagedChromium | undefined => (existsSync(executable) ? { executable, folder } : undefined),
    /** Disk space and time of the installation. */
    measure: async (): Promise<{ bytes: number; preparedAt: number }> => {
      const { stdout } = await run("du", ["-s", "-B1", folder]);
      return { bytes: Number.parseInt(stdout, 10), preparedAt: (await stat(folder)).mtimeMs };
    },
    /** Throws `AppError` when the package cannot be used here or is not the expected one. Replaces an installed one. */
    install: async ({ signal, onLog }: { signal: AbortSignal; onLog: (line: string) => void }): Promise<void> => {
      const problem = packageProblem();
      if (problem !== undefined) throw new AppError("unavailable", problem);
      await mkdir(dir, { recursive: true });
      // What an interrupted installation or an earlier version left.
      for (const name of await readdir(dir))
        if (name !== chromiumPackage.version) await rm(join(dir, name), { recursive: true, force: true });
      const work = await mkdtemp(join(dir, "new-"));
      try {
        const { name, version, integrity } = chromiumPackage;
        const [node, npm] = npmProgram();
        const pack = [node, npm, "pack", `${name}@${version}`, "--json", "--ignore-scripts", "--pack-destination", work];
        onLog(`$ npm pack ${name}@${version}`);
        const { stdout } = await run("nice", ["-n", "10", ...pack], { cwd: work, signal, timeout: downloadMs, maxBuffer: 2 ** 24 }).catch(
          (error: unknown) => {
            signal.throwIfAborted();
            const { stderr = "" } = error as { stderr?: string };
            for (const line of stderr.split("\n").filter(Boolean)) onLog(line);
            throw new AppError("unavailable", `The package ${name}@${version} could not be downloaded with npm.`, { cause: error });
          },
        );
        const [packed] = JSON.parse(stdout) as { filename: string; integrity: string }[];
        if (packed?.integrity !== integrity)
          throw new AppError(
            "unavailable",
            `The package ${name}@${version} of this registry is not the one that this version of the server expects.`,
          );
        onLog("Unpacking");
        const archive = (await readdir(work)).find((file) => file.endsWith(".tgz")) ?? packed.filename;
        const made = join(work, "made");
        await mkdir(made);
        await run("tar", ["-xzf", join(work, archive), "-C", work, "package/bin"], { signal });
        const unpack = async (file: string) => decompress(await readFile(join(work, "package/bin", file)));
        await writeFile(join(made, "chromium"), await unpack("chromium.br"));
        await chmod(join(made, "chromium"), 0o755);
        for (const file of ["al2023.tar.br", "fonts.tar.br"]) {
          await writeFile(join(work, "part.tar"), await unpack(file));
          await run("tar", ["-xf", join(work, "part.tar"), "-C", made, "--no-same-owner"], { signal });
        }
        await writeFile(join(made, "fonts.conf"), fontSettings(join(folder, "fonts")));
        signal.throwIfAborted();
        await rm(folder, { recursive: true, force: true });
        await rename(made, folder);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** The fonts of the machine, and those of the package for a machine without any. */
const fontSettings = (dir: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir>
  <dir>${dir}</dir>
  <cachedir>/tmp/fontconfig</cachedir>
</fontconfig>
`;
