import { createRuntime } from "@tesslate/runtime";
import { expect, test } from "vitest";
import { detectFramework } from "./framework.ts";
import { findIncludedApps } from "./included-apps.ts";

async function treeWith(manifest: object) {
  const runtime = await createRuntime({ driver: "memory", dataDir: "" });
  const { files } = await runtime.open({ id: "app" });
  await files.write("package.json", JSON.stringify(manifest));
  return files;
}
const page = { id: "page", directory: "." };
const api = { id: "api", directory: "api" };

test.each([
  ["node api/index.ts", true],
  ["NODE_ENV=production node ./api/index.ts", true],
  ["cd api && .venv/bin/python -m app", true],
  ["node api-server/index.ts", false],
  ["node server.ts", false],
  [undefined, false],
])("an app in a folder is part of the outer app whose start script is %s: %s", async (start, isIncluded) => {
  const files = await treeWith({ scripts: { start } });
  expect(await findIncludedApps(files, page, [page, api])).toEqual(isIncluded ? [api] : []);
  expect(await findIncludedApps(files, api, [page, api])).toEqual([]);
});

test.each([
  [{ dependencies: { vite: "8.0.0", hono: "4.0.0" }, scripts: { build: "vite build", start: "node server.ts" } }, "node"],
  [{ dependencies: { vite: "8.0.0", vue: "3.0.0", express: "5.0.0" }, scripts: { start: "node server.ts" } }, "node"],
  [{ dependencies: { vite: "8.0.0" }, scripts: { start: "cd api && .venv/bin/python -m app" } }, "node"],
  [{ dependencies: { vite: "8.0.0" }, scripts: { start: "vite" } }, "vite"],
  [{ dependencies: { vite: "8.0.0", hono: "4.0.0" }, scripts: { build: "vite build" } }, "vite"],
  [{ dependencies: { next: "16.0.0", express: "5.0.0" }, scripts: { start: "next start" } }, "nextjs"],
])("the package %j is detected as %s", async (manifest, framework) => {
  expect((await detectFramework(await treeWith(manifest), ".")).framework).toBe(framework);
});
