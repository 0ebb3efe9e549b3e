import { expect, test } from "vitest";
import { buildTree } from "../../lib/file-tree.ts";
import { lastChangedFile } from "./use-last-changed-file.ts";

const treeOf = (files: Record<string, string>) =>
  buildTree(Object.entries(files).map(([path, mtime]) => ({ path, mtime, is_directory: false, size: 1, etag: "e" })));

test("the newest file that a person or the agent wrote", () => {
  expect(
    lastChangedFile(
      treeOf({
        "src/a.ts": "2026-03-12T09:00:00Z",
        "src/b.ts": "2026-03-12T10:00:00Z",
        "package-lock.json": "2026-03-12T11:00:00Z",
        "data.sqlite": "2026-03-12T12:00:00Z",
      }),
    ),
  ).toBe("src/b.ts");
});

test("none in a project whose files were all written by its setup", () => {
  expect(lastChangedFile(treeOf({ "src/a.ts": "2026-03-12T09:00:00Z", "src/b.ts": "2026-03-12T09:00:04Z" }))).toBeUndefined();
  expect(lastChangedFile(treeOf({}))).toBeUndefined();
});

test("none of many files that were written at once", () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`data/${n}.csv`, "2026-03-12T10:00:00Z"]));
  expect(lastChangedFile(treeOf({ "src/a.ts": "2026-03-12T09:00:00Z", ...many }))).toBeUndefined();
  expect(lastChangedFile(treeOf({ ...many, "src/a.ts": "2026-03-12T10:01:00Z" }))).toBe("src/a.ts");
});
