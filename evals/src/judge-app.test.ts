import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folderSource } from "@tesslate/runtime";
import { findChromium } from "../../apps/server/src/features/agent/verify/chromium.ts";
import type { BrowserChecks } from "./checks.ts";
import { judgeApp, type AppService } from "./judge-app.ts";
import { openMachine, type Machine } from "./machine.ts";
import type { CheckResult } from "./outcome.ts";

const chromium = await findChromium(process.env["CHROMIUM_PATH"]);
const files = join(import.meta.dirname, "../fixtures/guest-book/files");
const checks: BrowserChecks = {
  "There is a heading": async ({ page, open }) => {
    await open();
    await page.getByRole("heading", { name: "Guest book" }).waitFor({ timeout: 1000 });
  },
};
const task = { types: ["node", "--check", "page.js"], build: ["node", "build.js"], checks };
const service: AppService = { command: ["node", "server.js"], port: 3000 };

let machine: Machine;
let dir: string;
beforeAll(async () => {
  machine = await openMachine({ templates: new Set() });
  dir = await mkdtemp(join(tmpdir(), "judge-"));
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** Judges the guest book with some of its files replaced. */
async function judge(changes: Record<string, string>, given: AppService = service): Promise<Map<string, CheckResult>> {
  await using opened = await machine.open("guest-book");
  await opened.sandbox.files.copyIn(folderSource(files));
  for (const [path, text] of Object.entries(changes)) await opened.sandbox.files.write(path, text);
  if ("missing" in machine.browsers) throw new Error(machine.browsers.missing);
  const results = await judgeApp({
    sandbox: opened.sandbox,
    task,
    service: given,
    browsers: machine.browsers,
    reportDir: dir,
    signal: new AbortController().signal,
  });
  return new Map(results.map((result) => [result.name, result]));
}
const statuses = (results: Map<string, CheckResult>) => Object.fromEntries([...results].map(([name, { status }]) => [name, status]));

test.skipIf("missing" in chromium)("an app that works passes every check, and its screenshots are kept", async () => {
  expect(statuses(await judge({}))).toEqual({
    "The types are correct": "passed",
    "The build succeeds": "passed",
    "The app starts": "passed",
    "The first page is shown": "passed",
    "There is a heading": "passed",
    "The pages report no errors": "passed",
    "The pages have no serious accessibility violations": "passed",
  });
  expect(existsSync(join(dir, "screenshot.png"))).toBe(true);
  expect(existsSync(join(dir, "check-1.png"))).toBe(true);
});

test.skipIf("missing" in chromium)("a wrong app fails each kind of check, with the reason", async () => {
  const page = '<!doctype html><html lang="en"><title>Wrong</title><body><main><h1>Visitors</h1><img src="/missing.png"></main>';
  const results = await judge({
    "index.html": `${page}<script>throw new Error("the page is broken")</script></body></html>`,
    "page.js": "const guests = ;",
  });
  expect(statuses(results)).toEqual({
    "The types are correct": "failed",
    "The build succeeds": "failed",
    "The app starts": "passed",
    "The first page is shown": "passed",
    "There is a heading": "failed",
    "The pages report no errors": "failed",
    "The pages have no serious accessibility violations": "failed",
  });
  const detail = (name: string) => results.get(name)?.detail;
  expect(detail("The types are correct")).toContain("SyntaxError");
  expect(detail("The build succeeds")).toContain("index.html does not load page.js");
  expect(detail("There is a heading")).toContain("Timeout 1000ms exceeded");
  expect(detail("The pages report no errors")).toContain("the page is broken");
  expect(detail("The pages have no serious accessibility violations")).toContain("image-alt");
});

test.skipIf("missing" in chromium)("an app that does not start fails, and its browser checks are skipped", async () => {
  const results = await judge({ "server.js": 'throw new Error("no server");' });
  expect(results.get("The app starts")).toMatchObject({ status: "failed", detail: expect.stringContaining("no server") as string });
  expect(results.get("There is a heading")).toMatchObject({ status: "skipped", detail: "The app did not start." });
  expect(Object.values(statuses(results)).filter((status) => status === "skipped")).toHaveLength(4);
});
