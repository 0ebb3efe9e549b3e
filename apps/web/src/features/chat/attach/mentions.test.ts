import { describe, expect, test } from "vitest";
import type { FileTree } from "../../../lib/file-tree.ts";
import { findPlaces, mentionAt, mentionsIn, withMention } from "./mentions.ts";

const node = (path: string, isDirectory = false) => [path, { path, name: path, isDirectory, size: 1, etag: "e", mtime: "" }] as const;
const tree: FileTree = {
  nodes: new Map([
    node("src", true),
    node("src/App.tsx"),
    node("src/App.css"),
    node("src/lib", true),
    node("src/lib/apples.ts"),
    node("README.md"),
  ]),
  children: new Map(),
};

describe("a mention that is being written", () => {
  test.each([
    ["@", 1, { query: "", from: 0, to: 1 }],
    ["see @App and", 8, { query: "App", from: 4, to: 8 }],
    ["see (@src/A", 11, { query: "src/A", from: 5, to: 11 }],
    ["me@example.org", 14, undefined],
    ["@App done", 9, undefined],
    ["plain", 5, undefined],
  ])("%j at %i", (text, caret, expected) => {
    expect(mentionAt(text, caret)).toEqual(expected);
  });

  test("the picked place takes its place, with one space behind it", () => {
    expect(withMention("see @App and", { query: "App", from: 4, to: 8 }, "src/App.tsx")).toEqual({
      text: "see @src/App.tsx and",
      caret: 17,
    });
    expect(withMention("@", { query: "", from: 0, to: 1 }, "README.md")).toEqual({ text: "@README.md ", caret: 11 });
  });
});

test("names count before paths, files before folders", () => {
  expect(findPlaces(tree, "App").slice(0, 2)).toEqual(["src/App.tsx", "src/App.css"]);
  expect(findPlaces(tree, "lib")[0]).toBe("src/lib");
  expect(findPlaces(tree, "zzz")).toEqual([]);
  expect(findPlaces(tree, "")).toHaveLength(6);
});

test("a message mentions what is in the project, once, whatever stands behind it", () => {
  expect(mentionsIn("Make @src/App.tsx, like (@README.md) and @src/lib/. Not @gone.ts, me@src or @src/App.tsx", tree)).toEqual([
    "src/App.tsx",
    "README.md",
    "src/lib",
  ]);
  expect(mentionsIn("@src", undefined)).toEqual([]);
});
