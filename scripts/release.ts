/** Cuts a release; see `usage`. Does not push. Exit codes: 0 done, 1 failed or cannot be released, 2 wrong usage. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { releaseFileNames, writeReleaseFiles } from "./release-files.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio release X.Y.Z [--yes] [--without-image] [--engine docker|podman] [--into FOLDER] [-- OPTION…]
       ./studio release files  [--without-image] [--engine docker|podman] [--into FOLDER] [-- OPTION…]

  X.Y.Z            sets the version of all packages and the chart, gives the changelog's Unreleased section its number and date, commits, tags, and makes the files
  files            makes the files of the version that is checked out again
  --yes            do it; without, only print what would be done and what is in the way
  --without-image  no container image
  --engine         builds the image; default: docker
  --into FOLDER    of the files; default: .studio/release/X.Y.Z
  -- OPTION…       for the engine's build command

The files: sources, packed client, software bill of materials (CycloneDX), notes, compose.yaml, compose.env.example, seccomp.json, the Helm chart, the image,
SHA256SUMS.
`;

export interface Release {
  root: string;
  version: string;
  /** `2026-12-31`. */
  date: string;
}

const chartFile = "deploy/helm/tesslate-studio/Chart.yaml";

/** The new contents of files, by path. Throws when there is nothing to release or the version is not later. */
function planRelease({ root, version, date }: Release): { files: Map<string, string>; entries: number } {
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
    [chartFile, read(chartFile).replaceAll(new RegExp(`^((?:appV|v)ersion: "?)${escape(former)}`, "gm"), `$1${version}`)],
  ]);
  return { files: written, entries: unreleased.match(/^- /gm)?.length ?? 0 };
}

/** Writes the files and returns their paths. */
export function writeRelease(release: Release): string[] {
  const { files } = planRelease(release);
  for (const [path, text] of files) writeFileSync(join(release.root, path), text);
  return [...files.keys()];
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

/** Why the version cannot be released now, one sentence each. */
function obstacles(version: string, engine: string | undefined): string[] {
  const found: string[] = [];
  if (git("status", "--porcelain") !== "") found.push("There are uncommitted changes. Commit them first.");
  if (git("tag", "--list", `v${version}`) !== "") found.push(`The tag v${version} exists.`);
  if (engine !== undefined)
    try {
      execFileSync(engine, ["version"], { stdio: "ignore" });
    } catch {
      found.push(`${engine} does not respond, so the image cannot be built. Start it, or use --without-image.`);
    }
  return found;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      yes: { type: "boolean", default: false },
      "without-image": { type: "boolean", default: false },
      engine: { type: "string", default: "docker" },
      into: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [wanted, ...imageOptions] = positionals;
  if (values.help || wanted === undefined) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const engine = values["without-image"] ? undefined : values.engine;
  const intoOf = (version: string) => resolve(values.into ?? join(root, ".studio/release", version));
  const makeFiles = async (version: string) => {
    const into = intoOf(version);
    for (const file of await writeReleaseFiles({ root, version, into, engine, imageOptions })) say(`  ${join(into, file)}`);
  };
  if (wanted === "files") {
    const version = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
    if (git("tag", "--points-at", "HEAD", "--list", `v${version}`) === "")
      throw new Error(`The checkout is not at v${version}. Check out the tag first.`);
    await makeFiles(version);
    return 0;
  }
  const date = new Date().toISOString().slice(0, 10);
  const planned = planRelease({ root, version: wanted, date });
  const reasons = obstacles(wanted, engine);
  if (!values.yes) {
    say(`Would release ${wanted} (${date}); nothing is changed without --yes.\n`);
    say(`  version in   ${[...planned.files.keys()].filter((path) => path !== "CHANGELOG.md").join(", ")}`);
    say(`  changelog    ${planned.entries} entries of Unreleased become ${wanted}`);
    say(`  commit, tag  v${wanted}`);
    say(`  files        ${releaseFileNames(wanted, { hasImage: engine !== undefined }).join(", ")}`);
    say(`               in ${intoOf(wanted)}`);
    for (const reason of reasons) say(`\n  XX ${reason}`);
    return reasons.length > 0 ? 1 : 0;
  }
  if (reasons.length > 0) throw new Error(reasons.join("\n"));
  const files = writeRelease({ root, version: wanted, date });
  git("add", ...files);
  git("commit", "--quiet", "--message", `chore: release ${wanted}`);
  git("tag", "--annotate", `v${wanted}`, "--message", `Tesslate Studio ${wanted}`);
  say(`Committed and tagged v${wanted}. Making its files; if that fails, repeat it with: ./studio release files`);
  await makeFiles(wanted);
  say(`Publish it with: git push --follow-tags`);
  return 0;
}

const root = join(import.meta.dirname, "..");
const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" });

if (import.meta.main) await runCommand(main, usage);
