import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { loadTemplates } from "./templates.ts";

test("pruning a template with npm packages deletes what nothing reads from them, and only that", async () => {
  const templates = await loadTemplates();
  const [program = "", ...args] = templates.find("react-vite")?.image.prune ?? [];
  for (const slug of ["nextjs", "node-api"]) expect(templates.find(slug)?.image.prune).toEqual([program, ...args]);
  expect(templates.find("fastapi")?.image.prune).toBeUndefined();

  const kept = [
    "node_modules/es-toolkit/dist/index.d.mts",
    "node_modules/es-toolkit/dist/index.js",
    "node_modules/map/LICENSE",
    "node_modules/map/dist/index.d.ts",
    "node_modules/map/src/index.d.mts",
    "node_modules/map/src/index.d.ts",
    "node_modules/map/src/index.js",
    "src/index.ts",
    "src/index.js.map",
  ];
  const unread = [
    "node_modules/es-toolkit/dist/index.d.ts",
    "node_modules/map/dist/index.js.map",
    "node_modules/map/node_modules/@scope/inner/src/deep/view.tsx",
    "node_modules/map/src/index.ts",
  ];
  const folder = await mkdtemp(join(tmpdir(), "unread-"));
  try {
    for (const file of [...kept, ...unread]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), "");
    }
    execFileSync(program, args, { cwd: folder });
    expect(
      globSync("**/*", { cwd: folder, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .toSorted(),
    ).toEqual(kept.toSorted());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
