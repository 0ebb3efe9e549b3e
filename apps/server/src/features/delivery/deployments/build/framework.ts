import type { FrameworkId } from "@tesslate/contract";
import { RuntimeError, type Tree } from "@tesslate/runtime";

const maxBytes = 512 * 1024;

export interface PackageFile {
  scripts: Readonly<Record<string, unknown>>;
  /** `dependencies` and `devDependencies` together. */
  dependencies: Readonly<Record<string, unknown>>;
}
/** What the files of a container's folder reveal. */
export interface Detected {
  framework: FrameworkId;
  package?: PackageFile;
}

interface Rules {
  /** The build script in package.json; null when nothing is built. */
  script: string | null;
  /** Possible output folders, most likely first; `*` matches one folder. */
  outputs: readonly string[];
  /** Unknown paths are routes of the client-side app. */
  isClientRouted: boolean;
}
const vite: Rules = { script: "build", outputs: ["dist"], isClientRouted: true };
const bare: Rules = { script: null, outputs: ["."], isClientRouted: false };
const rules: Record<FrameworkId, Rules> = {
  vite,
  unknown: { ...vite, outputs: ["dist", "build", "out"] },
  nextjs: { script: "build", outputs: ["out"], isClientRouted: false },
  react: { script: "build", outputs: ["build"], isClientRouted: true },
  vue: vite,
  svelte: vite,
  solid: { ...vite, outputs: ["dist", ".output/public"] },
  angular: { ...vite, outputs: ["dist", "dist/*/browser", "dist/*"] },
  astro: { ...vite, isClientRouted: false, outputs: ["dist", "dist/client"] },
  nuxt: { script: "build", outputs: ["dist", ".output/public"], isClientRouted: false },
  sveltekit: { script: "build", outputs: ["build", "dist"], isClientRouted: false },
  gatsby: { script: "build", outputs: ["public"], isClientRouted: false },
  remix: { script: "build", outputs: ["build/client", "public"], isClientRouted: true },
  static: bare,
  go: bare,
  python: bare,
  node: bare,
};
export const frameworkRules = (framework: FrameworkId): Rules => rules[framework];

/** The first match wins: frameworks come before the bundlers they use. */
const byDependency: readonly [string, FrameworkId][] = [
  ["next", "nextjs"],
  ["nuxt", "nuxt"],
  ["astro", "astro"],
  ["gatsby", "gatsby"],
  ["@remix-run/react", "remix"],
  ["@remix-run/dev", "remix"],
  ["@react-router/dev", "remix"],
  ["@sveltejs/kit", "sveltekit"],
  ["@angular/core", "angular"],
  ["react-scripts", "react"],
  ["solid-js", "solid"],
  ["svelte", "svelte"],
  ["vue", "vue"],
  ["vite", "vite"],
];
const pythonServer = /\b(?:python3?|uvicorn|gunicorn)\b/;
/** Bundlers of pages: an app that also has a start script and a server is that server. */
const bundled: ReadonlySet<FrameworkId | undefined> = new Set(["vite", "vue", "svelte", "solid"]);
const servers = ["hono", "express", "fastify", "koa", "@nestjs/core", "@hapi/hapi", "h3", "elysia"];

/** Detects the framework from the files of a folder. */
export async function detectFramework(tree: Tree, directory: string): Promise<Detected> {
  const at = (name: string) => joinPath(directory, name);
  const has = async (...names: string[]) =>
    (await Promise.all(names.map((name) => tree.stat(at(name))))).some((entry) => entry !== undefined && !entry.isDirectory);
  const text = await readTextFile(tree, at("package.json"));
  if (text === undefined) {
    if (await has("go.mod")) return { framework: "go" };
    if (await has("requirements.txt", "pyproject.toml", "manage.py")) return { framework: "python" };
    return { framework: (await has("index.html")) ? "static" : "unknown" };
  }
  const found = parsePackage(text);
  const known = byDependency.find(([name]) => name in found.dependencies)?.[1];
  const hasServer = servers.some((name) => name in found.dependencies);
  const { start } = found.scripts;
  const hasStart = typeof start === "string";
  if (bundled.has(known) && hasStart && (hasServer || pythonServer.test(start))) return { framework: "node", package: found };
  if (known) return { framework: known, package: found };
  const isServer = hasServer || hasStart;
  if (isServer) return { framework: "node", package: found };
  if (typeof found.scripts["build"] !== "string" && (await has("index.html"))) return { framework: "static", package: found };
  return { framework: "unknown", package: found };
}

/** Joins a path relative to a container's folder. */
export const joinPath = (directory: string, name: string): string =>
  [directory, name].filter((part) => part !== "" && part !== ".").join("/") || ".";

export async function readTextFile(tree: Tree, path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode((await tree.read(path, { maxBytes })).data);
  } catch (error) {
    if (error instanceof RuntimeError && ["not_found", "is_directory", "too_large", "outside_tree", "not_directory"].includes(error.code))
      return undefined;
    throw error;
  }
}

const recordIn = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** A malformed file counts as empty. */
export function parsePackage(text: string): PackageFile {
  let parsed: Record<string, unknown> = {};
  try {
    parsed = recordIn(JSON.parse(text));
  } catch {
    // The install step will fail and report the reason.
  }
  return {
    scripts: recordIn(parsed["scripts"]),
    dependencies: { ...recordIn(parsed["devDependencies"]), ...recordIn(parsed["dependencies"]) },
  };
}
