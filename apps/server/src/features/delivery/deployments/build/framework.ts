import type { FrameworkId } from "@tesslate/contract";
import { RuntimeError, type Tree } from "@tesslate/runtime";

const maxBytes = 512 * 1024;

export interface PackageFile {
  scripts: Readonly<Record<string, unknown>>;
  /** Of all kinds. */
  dependencies: Readonly<Record<string, unknown>>;
}
/** What a container's folder says of itself. */
export interface Detected {
  framework: FrameworkId;
  package?: PackageFile;
}

interface Rules {
  /** Script of package.json that builds it; null: nothing is built. */
  script: string | null;
  /** Where what was built may lie, the usual place first; `*` is one folder of any name. */
  outputs: readonly string[];
  /** Unknown paths are pages of the app: it routes in the browser. */
  isClientRouted: boolean;
}
const vite: Rules = { script: "build", outputs: ["dist"], isClientRouted: true };
const bare: Rules = { script: null, outputs: ["."], isClientRouted: false };
/** agent-git-deploy 7.6. */
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

/** The first that is there says what it is: a framework before the bundler it is built with. */
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
const servers = ["hono", "express", "fastify", "koa", "@nestjs/core", "@hapi/hapi", "h3", "elysia"];

/** Looks at the real files of a folder (agent-git-deploy 7.6, 2). */
export async function detectFramework(tree: Tree, directory: string): Promise<Detected> {
  const at = (name: string) => within(directory, name);
  const has = async (...names: string[]) =>
    (await Promise.all(names.map((name) => tree.stat(at(name))))).some((entry) => entry !== undefined && !entry.isDirectory);
  const text = await readText(tree, at("package.json"));
  if (text === undefined) {
    if (await has("go.mod")) return { framework: "go" };
    if (await has("requirements.txt", "pyproject.toml", "manage.py")) return { framework: "python" };
    return { framework: (await has("index.html")) ? "static" : "unknown" };
  }
  const found = parsePackage(text);
  const known = byDependency.find(([name]) => name in found.dependencies)?.[1];
  if (known) return { framework: known, package: found };
  const isServer = servers.some((name) => name in found.dependencies) || typeof found.scripts["start"] === "string";
  if (isServer) return { framework: "node", package: found };
  if (typeof found.scripts["build"] !== "string" && (await has("index.html"))) return { framework: "static", package: found };
  return { framework: "unknown", package: found };
}

/** A path in a container's folder. */
export const within = (directory: string, name: string): string =>
  [directory, name].filter((part) => part !== "" && part !== ".").join("/") || ".";

export async function readText(tree: Tree, path: string): Promise<string | undefined> {
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

/** A malformed file says nothing. */
export function parsePackage(text: string): PackageFile {
  let parsed: Record<string, unknown> = {};
  try {
    parsed = recordIn(JSON.parse(text));
  } catch {
    // It fails at the installation, whose words say why.
  }
  return {
    scripts: recordIn(parsed["scripts"]),
    dependencies: { ...recordIn(parsed["devDependencies"]), ...recordIn(parsed["dependencies"]) },
  };
}
