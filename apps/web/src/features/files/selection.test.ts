import { describe, expect, test } from "vitest";
import { buildTree, visibleRows } from "../../lib/file-tree.ts";
import { noSelection, picked, pickOf, subjectsOf, topmost } from "../../lib/selection.ts";
import { batchesOf, type Incoming } from "./incoming.ts";
import { foldersFor, movesInto } from "./moving.ts";
import { removalOf } from "./trash.ts";

const tree = buildTree(
  ["a/", "a/1.ts", "a/b/", "a/b/2.ts", "c/", "c/1.ts", "d.ts", "e.ts", "big.bin"].map((path) => ({
    path,
    is_directory: path.endsWith("/"),
    size: path === "big.bin" ? 30 * 2 ** 20 : 10,
    etag: "1",
    mtime: "2026-01-01T00:00:00Z",
  })),
);
const rows = visibleRows(tree, new Set(["a"]));
const order = rows.map((row) => row.node.path);

describe("choosing", () => {
  test("the rows", () => expect(order).toEqual(["a", "a/b", "a/1.ts", "c", "big.bin", "d.ts", "e.ts"]));
  const chosen = (...steps: [string, "only" | "toggle" | "range"][]) =>
    [...steps.reduce((selection, [path, how]) => picked(rows, selection, path, how), noSelection).paths].sort();
  test("a click chooses one", () => expect(chosen(["a", "only"], ["c", "only"])).toEqual(["c"]));
  test("Ctrl adds and takes away", () => {
    expect(chosen(["a", "only"], ["c", "toggle"])).toEqual(["a", "c"]);
    expect(chosen(["a", "only"], ["c", "toggle"], ["a", "toggle"])).toEqual(["c"]);
  });
  test("Shift takes a range, from the same place each time, in both directions", () => {
    expect(chosen(["a/b", "only"], ["c", "range"])).toEqual(["a/1.ts", "a/b", "c"]);
    expect(chosen(["c", "only"], ["d.ts", "range"], ["a/1.ts", "range"])).toEqual(["a/1.ts", "c"]);
  });
  test("a range whose start is not visible is the row alone", () => expect(chosen(["a/b/2.ts", "only"], ["c", "range"])).toEqual(["c"]));
  test.each([
    [{ shiftKey: true, ctrlKey: false, metaKey: false }, "range"],
    [{ shiftKey: false, ctrlKey: true, metaKey: false }, "toggle"],
    [{ shiftKey: false, ctrlKey: false, metaKey: true }, "toggle"],
    [{ shiftKey: false, ctrlKey: false, metaKey: false }, "only"],
  ])("%j", (keys, how) => expect(pickOf(keys)).toBe(how));
  test("what lies in a chosen folder goes with it", () => expect(topmost(["a", "a/b/2.ts", "d.ts"])).toEqual(["a", "d.ts"]));
  test("an action is about the selection when it begins in it", () => {
    const selection = picked(rows, picked(rows, noSelection, "c", "only"), "d.ts", "toggle");
    expect(subjectsOf(selection, "c")).toEqual(["c", "d.ts"]);
    expect(subjectsOf(selection, "e.ts")).toEqual(["e.ts"]);
  });
});

describe("moving", () => {
  test.each([
    [["d.ts"], "a", [{ from: "d.ts", to: "a/d.ts" }]],
    [["a/1.ts"], "", [{ from: "a/1.ts", to: "1.ts" }]],
    [["a/1.ts"], "a", []],
    [["a/1.ts"], "c", "1.ts already exists in c."],
    [["a"], "a/b", "a can't be moved into itself."],
    [["a/1.ts", "c/1.ts"], "", "1.ts already exists in the project root."],
  ])("%j into %j", (paths, folder, moves) => expect(movesInto(tree, paths, folder)).toEqual(moves));
  test("only folders that take it are offered", () => {
    expect(foldersFor(tree, ["a/1.ts"])).toEqual(["", "a/b"]);
    expect(foldersFor(tree, ["a"])).toEqual(["c"]);
  });
});

describe("deleting", () => {
  test("a folder counts with all that is in it", () =>
    expect(removalOf(tree, ["a"])).toEqual({ paths: ["a"], files: ["a/b/2.ts", "a/1.ts"], folders: ["a", "a/b"], isUndoable: true }));
  test("too much is not brought back", () => expect(removalOf(tree, ["big.bin"]).isUndoable).toBe(false));
});

test("uploads are cut into calls within the limits", () => {
  const files = [5, 5, 3, 9].map((size, i): Incoming => ({ path: `${i}`, file: { size } as File }));
  const paths = (batches: Incoming[][]) => batches.map((batch) => batch.map((one) => one.path));
  expect(paths(batchesOf(files, 10, 10))).toEqual([["0", "1"], ["2"], ["3"]]);
  expect(paths(batchesOf(files, 2, 100))).toEqual([
    ["0", "1"],
    ["2", "3"],
  ]);
});
