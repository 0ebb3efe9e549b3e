import { describe, expect, test } from "vitest";
import type { TreeEntry } from "@tesslate/contract";
import { ancestorsOf, buildTree, filteredRows, patchTree, patchTreeAll, trimPath, visibleRows, type FileTree } from "./file-tree.ts";
import { treeMove } from "./tree-keys.ts";

const entry = (path: string, etag = "1"): TreeEntry => ({
  path,
  is_directory: path.endsWith("/"),
  size: 3,
  etag,
  mtime: "2026-03-05T10:00:00Z",
});
const paths = (tree: FileTree, open: string[] = [...tree.children.keys()]) => visibleRows(tree, new Set(open)).map((row) => row.node.path);
const tree = buildTree(
  ["src/", "src/App.tsx", "src/lib/", "src/lib/b10.ts", "src/lib/b9.ts", "index.html", "README.md", "public/"].map((path) => entry(path)),
);

describe("building", () => {
  test("directories first, names as a person sorts them", () => {
    expect(paths(tree)).toEqual(["public", "src", "src/lib", "src/lib/b9.ts", "src/lib/b10.ts", "src/App.tsx", "index.html", "README.md"]);
  });
  test("closed directories hide what they hold", () => {
    expect(paths(tree, ["src"])).toEqual(["public", "src", "src/lib", "src/App.tsx", "index.html", "README.md"]);
  });
  test("directories that are only implied are there", () => {
    expect(paths(buildTree([entry("a/b/c.ts")]))).toEqual(["a", "a/b", "a/b/c.ts"]);
  });
  test("rows know their place", () => {
    const row = visibleRows(tree, new Set(["src"])).find((found) => found.node.path === "src/App.tsx");
    expect(row).toMatchObject({ level: 1, position: 2, siblings: 2, isOpen: false });
  });
  test.each([
    ["/src/", "src"],
    ["./a", "a"],
    ["a/b", "a/b"],
  ])("%s is %s", (given, path) => expect(trimPath(given)).toBe(path));
  test("ancestors", () => expect(ancestorsOf("a/b/c.ts")).toEqual(["a", "a/b"]));
});

describe("patching", () => {
  test.each<[string, Parameters<typeof patchTree>[1], string[], string[]]>([
    ["a new file", { path: "src/New.tsx", op: "add" }, ["src/New.tsx"], []],
    ["a new file in a new directory", { path: "a/b/c.ts", op: "add" }, ["a", "a/b", "a/b/c.ts"], []],
    ["a new directory", { path: "docs/", op: "add" }, ["docs"], []],
    ["a deleted file", { path: "index.html", op: "delete" }, [], ["index.html"]],
    ["a deleted directory", { path: "src", op: "delete" }, [], ["src", "src/lib", "src/lib/b9.ts", "src/lib/b10.ts", "src/App.tsx"]],
    ["a moved file", { path: "index.html", op: "move", new_path: "public/index.html" }, ["public/index.html"], ["index.html"]],
    [
      "a moved directory",
      { path: "src/lib", op: "move", new_path: "lib" },
      ["lib", "lib/b9.ts", "lib/b10.ts"],
      ["src/lib", "src/lib/b9.ts", "src/lib/b10.ts"],
    ],
    ["an update of a file never seen", { path: "late.ts", op: "update" }, ["late.ts"], []],
  ])("%s", (_, change, added, removed) => {
    const before = paths(tree);
    const after = paths(patchTree(tree, change));
    expect(after.filter((path) => !before.includes(path)).sort()).toEqual([...added].sort());
    expect(before.filter((path) => !after.includes(path)).sort()).toEqual([...removed].sort());
    expect(paths(tree)).toEqual(before);
  });

  test("patching comes out like building anew", () => {
    const patched = [
      { path: "src/Z.tsx", op: "add" as const },
      { path: "src/a.tsx", op: "add" as const },
      { path: "README.md", op: "delete" as const },
    ].reduce(patchTree, tree);
    const built = buildTree(
      [...tree.nodes.values()]
        .filter((node) => node.path !== "README.md")
        .map((node) => entry(node.isDirectory ? `${node.path}/` : node.path))
        .concat(entry("src/Z.tsx"), entry("src/a.tsx")),
    );
    expect(paths(patched)).toEqual(paths(built));
  });

  test.each([
    ["the same etag", { path: "index.html", op: "update" as const, size: 3, etag: "1" }],
    ["deleting what is not there", { path: "nope", op: "delete" as const }],
    ["a move already seen", { path: "gone.ts", op: "move" as const, new_path: "index.html" }],
  ])("%s changes nothing", (_, change) => expect(patchTree(tree, change)).toBe(tree));
});

describe("filter", () => {
  test("words in order, directories opened", () => {
    expect(filteredRows(tree, "lib b9").map((row) => row.node.path)).toEqual(["src", "src/lib", "src/lib/b9.ts"]);
    expect(filteredRows(tree, "nothing")).toEqual([]);
  });
});

test("10 000 files: built, listed and patched within a frame or two", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => entry(`dir${index % 100}/sub${index % 7}/file${index}.ts`));
  const start = performance.now();
  const big = buildTree(many);
  const rows = visibleRows(big, new Set(big.children.keys()));
  patchTree(big, { path: "dir1/sub1/new.ts", op: "add" });
  expect(rows).toHaveLength(10_000 + 100 + 700);
  expect(performance.now() - start).toBeLessThan(1000);
});

describe("keys", () => {
  const rows = visibleRows(tree, new Set(["src"]));
  const at = (path: string) => rows.findIndex((row) => row.node.path === path);
  test.each<[string, string, string | undefined]>([
    ["ArrowDown", "public", "go src"],
    ["ArrowUp", "public", "go public"],
    ["Home", "index.html", "go public"],
    ["End", "public", "go README.md"],
    ["ArrowRight", "public", "open public"],
    ["ArrowRight", "src", "go src/lib"],
    ["ArrowRight", "index.html", undefined],
    ["ArrowLeft", "src", "close src"],
    ["ArrowLeft", "src/App.tsx", "go src"],
    ["ArrowLeft", "public", undefined],
    ["Enter", "index.html", "activate index.html"],
    ["x", "index.html", undefined],
  ])("%s on %s: %s", (key, path, expected) => {
    const move = treeMove(key, rows, at(path));
    expect(move && `${move.kind} ${rows[move.index]?.node.path}`).toBe(expected);
  });
  test("nothing chosen yet: down is the first row", () => expect(treeMove("ArrowDown", rows, -1)).toEqual({ kind: "go", index: 0 }));
  test("no rows, no moves", () => expect(treeMove("ArrowDown", [], -1)).toBeUndefined());
});

describe("many changes at once", () => {
  const many = buildTree(Array.from({ length: 10_000 }, (_, i) => entry(`d${i % 100}/f${i}.ts`)));
  test("come out as one after the other would", () => {
    const changes = [
      { path: "new/b.ts", op: "add", etag: "1" },
      { path: "new/a.ts", op: "add", etag: "1" },
      { path: "src/lib", op: "move", new_path: "new/lib" },
      { path: "src/App.tsx", op: "delete" },
      { path: "new/a.ts", op: "delete" },
      { path: "public", op: "delete" },
      { path: "public", op: "add", etag: "2", is_directory: false },
      { path: "new", op: "move", new_path: "old" },
    ].map((change) => ({ ...change, by: "process" })) as Parameters<typeof patchTreeAll>[1];
    const one = changes.reduce(patchTree, tree);
    const all = patchTreeAll(tree, changes);
    expect(paths(all)).toEqual(paths(one));
    expect(paths(all)).toEqual([
      "old",
      "old/lib",
      "old/lib/b9.ts",
      "old/lib/b10.ts",
      "old/b.ts",
      "src",
      "index.html",
      "public",
      "README.md",
    ]);
    expect([...all.nodes.keys()].sort()).toEqual([...paths(all)].sort());
  });
  test("a burst of 2,000 in a tree of 10,000 does not hold the page up", () => {
    const changes = Array.from({ length: 2000 }, (_, i) => ({
      path: `burst/${i}.ts`,
      op: "add" as const,
      etag: "1",
      by: "process" as const,
    }));
    const started = performance.now();
    const after = patchTreeAll(many, changes);
    const took = performance.now() - started;
    expect(after.nodes.size).toBe(10_100 + 2001);
    // A twentieth of this on an idle machine; one by one it would be a hundred times as long.
    expect(took).toBeLessThan(1000);
  });
});
