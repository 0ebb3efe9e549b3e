/** `./studio release X.Y.Z` sets the version of every package, closes the changelog's Unreleased section, commits and tags. Does not push. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Release {
  root: string;
  version: string;
  /** `2026-12-31`. */
  date: string;
}

/** Writes the files and returns their paths. Throws when there is nothing to release or the version is not later. */
export function writeRelease({ root, version, date }: Release): string[] {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const manifest = JSON.parse(read("package.json")) as { version: string; workspaces: string[] };
  const { version: former } = manifest;
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${version} is not a version. Example: ./studio release 0.2.0`);
  if (!isLater(version, former)) throw new Error(`${version} is not later than the current version, ${former}.`);
  const changelog = read("CHANGELOG.md");
  const [, unreleased = ""] = /^## \[Unreleased\]\n([\s\S]*?)(?=^## \[|$(?![\s\S]))/m.exec(changelog) ?? [];
  if (!/^- /m.test(unreleased)) throw new Error("CHANGELOG.md has no entries under Unreleased, so there is nothing to release.");
  const manifests = ["package.json", ...manifest.workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))];
  const written = new Map<string, string>([
    ["CHANGELOG.md", changelog.replace("## [Unreleased]\n", `## [Unreleased]\n\n## [${version}] - ${date}\n`)],
    ...manifests.map((path): [string, string] => [path, withVersion(read(path), former, version)]),
    ["package-lock.json", withVersion(read("package-lock.json"), former, version)],
  ]);
  for (const [path, text] of written) writeFileSync(join(root, path), text);
  return [...written.keys()];
}

/** Replaces the version of our own packages and of their references, not of other packages with the same version. */
const withVersion = (text: string, former: string, version: string): string =>
  text
    .replaceAll(
      new RegExp(`("name":\\s*"(?:@tesslate/[\\w-]+|tesslate-studio)",\\s*"version":\\s*)"${escape(former)}"`, "g"),
      `$1"${version}"`,
    )
    .replaceAll(new RegExp(`("@tesslate/[\\w-]+":\\s*)"${escape(former)}"`, "g"), `$1"${version}"`);
const escape = (text: string) => text.replaceAll(".", "\\.");

function isLater(version: string, former: string): boolean {
  const [a, b] = [version, former].map((text) => text.split(".").map(Number));
  const at = [0, 1, 2].find((i) => a?.[i] !== b?.[i]);
  return at !== undefined && (a?.[at] ?? 0) > (b?.[at] ?? 0);
}

function main(version: string): void {
  const root = join(import.meta.dirname, "..");
  const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" });
  if (git("status", "--porcelain") !== "") throw new Error("There are uncommitted changes. Commit them first.");
  const files = writeRelease({ root, version, date: new Date().toISOString().slice(0, 10) });
  git("add", ...files);
  git("commit", "--quiet", "--message", `chore: release ${version}`);
  git("tag", "--annotate", `v${version}`, "--message", `Tesslate Studio ${version}`);
  process.stdout.write(`Committed and tagged v${version}. Publish it with: git push --follow-tags\n`);
}

if (import.meta.main)
  try {
    main(process.argv[2] ?? "");
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
