import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJsonFile, writeJson } from "./json-file.ts";

test("a JSON file is read as written, a missing or broken one is undefined, and nothing else is left in the folder", () => {
  const dir = mkdtempSync(join(tmpdir(), "note-"));
  const path = join(dir, "service.json");
  expect(readJsonFile(path)).toBeUndefined();
  writeJson(path, { port: 1 });
  writeJson(path, { port: 2 });
  expect(readJsonFile(path)).toEqual({ port: 2 });
  expect(readdirSync(dir)).toEqual(["service.json"]);
  writeFileSync(path, "");
  expect(readJsonFile(path)).toBeUndefined();
  rmSync(dir, { recursive: true });
});
