import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { run } from "../run.ts";

/** The tools every sandbox has at `/opt/studio`, whatever the host has installed: Node, npm and pnpm. */
export interface Toolchain {
  /** Host paths and where they appear inside, in mounting order. All read-only. */
  binds: { from: string; to: string }[];
  /** Goes into image hashes: another toolchain is another image. */
  versions: Record<string, string>;
}

export interface ToolchainPaths {
  /** Node's executable. Default: the one that runs us. */
  node?: string;
}

const home = "/opt/studio";
const wrappers: Record<string, string> = {
  npm: `exec ${home}/bin/node ${home}/lib/npm/bin/npm-cli.js "$@"`,
  npx: `exec ${home}/bin/node ${home}/lib/npm/bin/npx-cli.js "$@"`,
  pnpx: `exec ${home}/bin/pnpm dlx "$@"`,
};

/** `reach` makes a folder enterable for the project's uid; `dir` receives the small wrapper scripts. */
export async function findToolchain(dir: string, reach: (dir: string) => Promise<string>, paths: ToolchainPaths = {}): Promise<Toolchain> {
  const require = createRequire(import.meta.url);
  const packageDir = (name: string, from = require) => dirname(from.resolve(`${name}/package.json`));
  const node = paths.node ?? process.execPath;
  const npm = packageDir("npm");
  const pnpm = packageDir("pnpm");
  const native = findNativePnpm(createRequire(join(pnpm, "package.json")));

  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  const scripts = {
    ...wrappers,
    pnpm: native ? `exec ${home}/lib/pnpm/pnpm "$@"` : `exec ${home}/bin/node ${home}/lib/pnpm/bin/pnpm.mjs "$@"`,
    // A place for the executable to be mounted on.
    node: "exit 127",
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const version = (packageFolder: string) =>
    (JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string }).version;
  return {
    binds: [
      { from: bin, to: `${home}/bin` },
      { from: join(await reach(dirname(node)), node.slice(dirname(node).length + 1)), to: `${home}/bin/node` },
      { from: await reach(npm), to: `${home}/lib/npm` },
      { from: await reach(pnpm), to: `${home}/lib/pnpm` },
      ...(native ? [{ from: join(await reach(dirname(native)), "pnpm"), to: `${home}/lib/pnpm/pnpm` }] : []),
    ],
    versions: {
      node: paths.node ? (await run([node, "--version"])).trim() : process.version,
      npm: version(npm),
      pnpm: version(pnpm),
      python: (await run(["/usr/bin/python3", "--version"]).catch(() => "none")).trim(),
      go: (await run(["/usr/bin/go", "version"]).catch(() => "none")).trim(),
    },
  };
}

/** pnpm is a native program in a package per platform; the wrapper package only finds it. */
function findNativePnpm(require: NodeJS.Require): string | undefined {
  for (const flavour of ["", "-musl"]) {
    try {
      const file = join(dirname(require.resolve(`@pnpm/exe.linux-${process.arch}${flavour}/package.json`)), "pnpm");
      if (existsSync(file)) return file;
    } catch {
      // not installed for this flavour of libc
    }
  }
  return undefined;
}
