import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { run } from "../../run.ts";
import { makeFolder, writeWithMode } from "../files/modes.ts";

/** The tools of every sandbox, independent of the host's PATH: Node, npm and pnpm. Paths on the host, accessible to projects. */
export interface Tools {
  node: string;
  npmDir: string;
  pnpmDir: string;
  /** pnpm's native program, if available for this platform. */
  pnpm: string | undefined;
  /** Part of image hashes: other tools, another image. */
  versions: Record<string, string>;
}

export interface ToolPaths {
  /** Node's executable. Default: the running one. */
  node?: string;
}

/** Versions of the machine's programs that projects use. */
export interface ProgramFacts {
  python: string;
  go: string;
}

export async function findPrograms(): Promise<ProgramFacts> {
  const outputOf = async (...argv: [string, ...string[]]) => (await run(argv).catch(() => "none")).trim();
  const [python, go] = await Promise.all([outputOf("/usr/bin/python3", "--version"), outputOf("/usr/bin/go", "version")]);
  return { python, go };
}

/** `reach` makes a folder accessible to the project's uid. */
export async function findTools(
  reach: (dir: string) => Promise<string>,
  paths: ToolPaths = {},
  programs?: ProgramFacts | undefined,
): Promise<Tools> {
  const require = createRequire(import.meta.url);
  const node = paths.node ?? process.execPath;
  const npmDir = dirname(require.resolve("npm/package.json"));
  const pnpmDir = dirname(require.resolve("pnpm/package.json"));
  const native = findNativePnpm(createRequire(join(pnpmDir, "package.json")));
  const version = (dir: string) => (JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { version: string }).version;
  return {
    node: join(await reach(dirname(node)), basename(node)),
    npmDir: await reach(npmDir),
    pnpmDir: await reach(pnpmDir),
    pnpm: native && join(await reach(dirname(native)), basename(native)),
    versions: {
      node: paths.node ? (await run([node, "--version"])).trim() : process.version,
      npm: version(npmDir),
      pnpm: version(pnpmDir),
      ...(programs ?? (await findPrograms())),
    },
  };
}

/** npm as arguments of a process: the running Node and npm's script, independent of PATH. */
export const npmProgram = (): [node: string, npm: string] => [
  process.execPath,
  join(dirname(createRequire(import.meta.url).resolve("npm/package.json")), "bin/npm-cli.js"),
];

/** Scripts that start the tools at the given paths. */
export function writeWrappers(bin: string, { node, npmDir, pnpmDir, pnpm }: Omit<Tools, "versions">): void {
  makeFolder(bin, 0o755);
  const scripts = {
    node: `exec ${node} "$@"`,
    npm: `exec ${node} ${npmDir}/bin/npm-cli.js "$@"`,
    npx: `exec ${node} ${npmDir}/bin/npx-cli.js "$@"`,
    pnpm: pnpm ? `exec ${pnpm} "$@"` : `exec ${node} ${pnpmDir}/bin/pnpm.mjs "$@"`,
    pnpx: pnpm ? `exec ${pnpm} dlx "$@"` : `exec ${node} ${pnpmDir}/bin/pnpm.mjs dlx "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeWithMode(join(bin, name), `#!/bin/sh\n${script}\n`, 0o755);
  }
}

/** pnpm is a native program in a package per platform; the wrapper package only locates it. */
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

/** Mounts the tools at `/opt/studio`: Node and the wrappers in `bin`, packages in `lib`. */
export function toolBinds({ node, npmDir, pnpmDir, pnpm }: Tools, bin: string) {
  const home = "/opt/studio";
  const inside = { node: `${home}/bin/node`, npmDir: `${home}/lib/npm`, pnpmDir: `${home}/lib/pnpm` };
  writeWrappers(bin, { ...inside, pnpm: pnpm && `${inside.pnpmDir}/pnpm` });
  return [
    { from: bin, to: `${home}/bin` },
    // Covers the wrapper of the same name and pnpm's placeholder.
    { from: node, to: inside.node },
    { from: npmDir, to: inside.npmDir },
    { from: pnpmDir, to: inside.pnpmDir },
    ...(pnpm ? [{ from: pnpm, to: `${inside.pnpmDir}/pnpm` }] : []),
  ];
}
