import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeRelease } from "./release.ts";

const source = join(import.meta.dirname, "..");
const current = (JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as { version: string }).version;
const later = current.replace(/^\d+/, (major) => String(Number(major) + 1));
const manifests = [
  "package.json",
  ...globSync("{apps,packages}/*/package.json", { cwd: source }),
  "e2e/package.json",
  "bench/package.json",
  "evals/package.json",
];
const chart = "deploy/helm/tesslate-studio/Chart.yaml";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "release-"));
  for (const path of [...manifests, "package-lock.json", "CHANGELOG.md", chart])
    cpSync(join(source, path), join(root, path), { recursive: true });
  // Right after a release there are no entries.
  writeFileSync(join(root, "CHANGELOG.md"), read("CHANGELOG.md").replace("## [Unreleased]\n", "## [Unreleased]\n\n- Something new.\n"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const read = (path: string) => readFileSync(join(root, path), "utf8");

test("a release sets the version of every package of ours, and no other version", () => {
  const before = JSON.parse(read("package-lock.json")) as { packages: Record<string, { name?: string; version?: string }> };
  expect(writeRelease({ root, version: later, date: "2026-12-31" }).sort()).toEqual(
    [...manifests, "package-lock.json", "CHANGELOG.md", chart].sort(),
  );
  for (const path of manifests) {
    const { version, dependencies = {}, devDependencies = {} } = JSON.parse(read(path)) as Record<string, Record<string, string>>;
    expect([path, version]).toEqual([path, later]);
    const ours = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => name.startsWith("@tesslate/"));
    for (const [name, wanted] of ours) expect([dirname(path), name, wanted]).toEqual([dirname(path), name, later]);
  }
  expect(read(chart)).toContain(`\nversion: ${later}\nappVersion: "${later}"\n`);
  const lock = JSON.parse(read("package-lock.json")) as typeof before;
  const changed = Object.entries(lock.packages).filter(([path, { version }]) => version !== before.packages[path]?.version);
  expect(changed.map(([path]) => join(path, "package.json")).sort()).toEqual([...manifests].sort());
});

test("the changelog keeps an empty Unreleased section above the release, which is refused without entries, or if the version is not later", () => {
  writeRelease({ root, version: later, date: "2026-12-31" });
  expect(read("CHANGELOG.md")).toMatch(
    new RegExp(`^## \\[Unreleased\\]\n\n## \\[${later.replaceAll(".", "\\.")}\\] - 2026-12-31\n\n`, "m"),
  );
  const next = later.replace(/\d+$/, "9");
  expect(() => writeRelease({ root, version: next, date: "2027-01-01" })).toThrow(/no entries under Unreleased/);
  expect(() => writeRelease({ root, version: current, date: "2027-01-01" })).toThrow(
    `${current} is not later than the current version, ${later}`,
  );
  expect(() => writeRelease({ root, version: "next", date: "2027-01-01" })).toThrow(/is not a version/);
});
