import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findOutdated, pinnedPackages } from "./outdated.ts";

const dir = mkdtempSync(join(tmpdir(), "outdated-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("finds what is behind, majors first, and holds back the types of Node", async () => {
  for (const [folder, file, text] of [
    ["web/files", "package.json", JSON.stringify({ dependencies: { a: "1.2.3", b: "2.0.0" }, devDependencies: { "@types/node": "24.0.0" } })],
    ["web/files/node_modules/x", "package.json", JSON.stringify({ dependencies: { hidden: "1.0.0" } })],
    ["api/files", "package.json", JSON.stringify({ dependencies: { a: "1.2.3", c: "1.0.0" } })],
    ["api/files/backend", "requirements.txt", "fast[all]==0.9.0\n\n# a comment\nslow==1.0\n"],
  ] as const) {
    mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, folder, file), text);
  }
  const pinned = pinnedPackages(dir, ["web", "api"]);
  expect(pinned.map(({ name, version }) => `${name} ${version}`)).toEqual([
    "@types/node 24.0.0",
    "a 1.2.3",
    "b 2.0.0",
    "c 1.0.0",
    "fast 0.9.0",
    "slow 1.0",
  ]);
  expect(pinned.find(({ name }) => name === "a")?.folders).toEqual(["web/files", "api/files"]);
  const latest: Record<string, string> = { "@types/node": "26.0.0", a: "1.3.0", b: "2.0.0", c: "3.0.0", fast: "0.10.0" };
  const found = await findOutdated(pinned, async ({ name }) => {
    const version = latest[name];
    if (version === undefined) throw new Error("no such package");
    return version;
  });
  expect(found.outdated.map(({ name, latest: newest, kind }) => [name, newest, kind])).toEqual([
    ["c", "3.0.0", "major"],
    ["a", "1.3.0", "minor"],
    ["fast", "0.10.0", "minor"],
    ["@types/node", "26.0.0", "held"],
  ]);
  expect(found.failures).toEqual(["slow: no such package"]);
});
