import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNote, writeNote } from "./json-file.ts";

test("a note is read as written, a missing or torn one is none, and nothing else is left in the folder", () => {
  const dir = mkdtempSync(join(tmpdir(), "note-"));
  const path = join(dir, "service.json");
  expect(readNote(path)).toBeUndefined();
  writeNote(path, { port: 1 });
  writeNote(path, { port: 2 });
  expect(readNote(path)).toEqual({ port: 2 });
  expect(readdirSync(dir)).toEqual(["service.json"]);
  writeFileSync(path, "");
  expect(readNote(path)).toBeUndefined();
  rmSync(dir, { recursive: true });
});
