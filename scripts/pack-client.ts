/** Packs `packages/client` into a tarball that `npm install` takes: one JavaScript file, its type declarations, README and license. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import type { Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const source = join(root, "packages/client");

/** Writes the tarball into `into` and returns its path. */
export async function packClient(into: string): Promise<string> {
  const { build } = await import("esbuild");
  const { routes } = await import("../packages/client/src/routes.ts");
  const staged = join(source, "dist");
  rmSync(staged, { recursive: true, force: true });
  // The value of the list of routes instead of the contract, whose schemas a client does not need.
  const routesOnly: Plugin = {
    name: "routes-only",
    setup: ({ onLoad }) =>
      onLoad({ filter: /client\/src\/routes\.ts$/ }, () => ({ contents: `export const routes = ${JSON.stringify(routes)};` })),
  };
  await build({
    entryPoints: [join(source, "src/index.ts")],
    outfile: join(staged, "index.js"),
    bundle: true,
    platform: "neutral",
    format: "esm",
    target: "es2024",
    legalComments: "none",
    logLevel: "warning",
    plugins: [routesOnly],
  });
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(source, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  const types = join(staged, "types");
  for (const file of globSync("**/*.d.ts", { cwd: types })) {
    const contract = relative(dirname(file), "contract/src/index.js").split(sep).join(posix.sep);
    const text = readFileSync(join(types, file), "utf8")
      .replaceAll('"@tesslate/contract"', `"${contract.startsWith(".") ? contract : `./${contract}`}"`)
      .replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"');
    writeFileSync(join(types, file), text);
  }
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Record<string, unknown>;
  const { name, version, license, description } = read("packages/client/package.json");
  const manifest = {
    name,
    version,
    license,
    description,
    type: "module",
    engines: { node: ">=22" },
    exports: { ".": { types: "./types/client/src/index.d.ts", default: "./index.js" } },
    // Only its types, in the declarations of the contract.
    dependencies: read("packages/contract/package.json")["dependencies"],
  };
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ["packages/client/README.md", "LICENSE"]) cpSync(join(root, file), join(staged, file.split("/").at(-1) ?? file));
  mkdirSync(into, { recursive: true });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", into], { cwd: staged, encoding: "utf8" });
  return join(into, packed.trim().split("\n").at(-1) ?? "");
}

if (import.meta.main) process.stdout.write(`${await packClient(join(root, ".studio/packages"))}\n`);
