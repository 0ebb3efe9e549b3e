/** Versions of the templates' packages against the newest of the registries, asked through npm and pip. */
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const atOnce = 4;

interface Pinned {
  registry: "npm" | "pip";
  name: string;
  version: string;
  /** Folders that pin it, below the folder of templates. */
  folders: string[];
}

export interface Outdated extends Pinned {
  latest: string;
  /** `held`: it stays behind on purpose, for `reason`. */
  kind: "major" | "minor" | "held";
  reason?: string;
}

const order: Outdated["kind"][] = ["major", "minor", "held"];

/** Packages that stay behind on purpose. */
const held: Record<string, string> = { "@types/node": "follows the Node version of sandboxes" };

/** The packages that templates name themselves, once for each version. */
export function pinnedPackages(dir: string, slugs: readonly string[]): Pinned[] {
  const found = new Map<string, Pinned>();
  const add = (registry: Pinned["registry"], name: string, version: string, folder: string): void => {
    const key = `${registry} ${name} ${version}`;
    const known = found.get(key) ?? { registry, name, version, folders: [] };
    known.folders.push(folder);
    found.set(key, known);
  };
  const files = (name: string) => slugs.flatMap((slug) => globSync(`${slug}/files/**/${name}`, { cwd: dir, exclude: ["**/node_modules/**"] }));
  for (const file of files("package.json")) {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(dir, file), "utf8")) as Record<string, Record<string, string> | undefined>;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) add("npm", name, version, dirname(file));
  }
  for (const file of files("requirements*.txt"))
    for (const [, name = "", version = ""] of readFileSync(join(dir, file), "utf8").matchAll(/^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)$/gm))
      add("pip", name, version, dirname(file));
  return [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Those that are behind, and what could not be asked, in sentences. */
export async function findOutdated(
  pinned: readonly Pinned[],
  latestOf: (one: Pinned) => Promise<string> = askRegistry,
): Promise<{ outdated: Outdated[]; failures: string[] }> {
  const outdated: Outdated[] = [];
  const failures: string[] = [];
  const queue = [...pinned];
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one; one = queue.shift())
      try {
        const latest = await latestOf(one);
        const reason = held[one.name];
        const kind = reason !== undefined ? "held" : majorOf(latest) > majorOf(one.version) ? "major" : "minor";
        if (latest !== one.version) outdated.push({ ...one, latest, kind, ...(reason !== undefined && { reason }) });
      } catch (error) {
        failures.push(`${one.name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
      }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { outdated: outdated.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.name.localeCompare(b.name)), failures };
}

const majorOf = (version: string): number => Number(/^\d+/.exec(version)?.[0] ?? 0);

async function askRegistry({ registry, name }: Pinned): Promise<string> {
  if (registry === "npm") return (await run("npm", ["view", name, "version"], { timeout: 60_000 })).stdout.trim();
  const { stdout } = await run("python3", ["-m", "pip", "index", "versions", name], { timeout: 60_000 });
  const latest = /\(([\w.]+)\)/.exec(stdout)?.[1];
  if (!latest) throw new Error("pip named no version.");
  return latest;
}
