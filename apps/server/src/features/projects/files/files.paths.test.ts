import { expect, test } from "vitest";
import { isSkipped, normalisePath, writablePath } from "./files.paths.ts";

test.each([
  ["src/App.tsx", "src/App.tsx"],
  ["/src/App.tsx", "src/App.tsx"],
  ["  ./src//a.ts ", "src/a.ts"],
  ["src\\a.ts", "src/a.ts"],
  ["-rf", "-rf"],
  ["a..b", "a..b"],
  ["100%", "100%"],
  ["...", "..."],
  ["dir/", "dir"],
])("%j is normalized to %j", (given, path) => expect(normalisePath(given)).toBe(path));

test.each([
  ["", "bad_path"],
  ["   ", "bad_path"],
  ["a\0b", "bad_path"],
  ["../x", "path_traversal"],
  ["a/../../x", "path_traversal"],
  ["..\\x", "path_traversal"],
  ["a/..", "path_traversal"],
  [`${"a".repeat(256)}`, "bad_path"],
  [Array.from({ length: 300 }, () => "abcd").join("/"), "bad_path"],
])("%j is refused as %s", (given, code) => expect(() => normalisePath(given)).toThrow(expect.objectContaining({ code })));

test.each([
  [".git/config", "git_directory"],
  ["a/.git", "git_directory"],
  ["/", "bad_path"],
  [".", "bad_path"],
])("%j cannot be written: %s", (given, code) => expect(() => writablePath(given)).toThrow(expect.objectContaining({ code })));

test.each([
  ["node_modules/x.js", true],
  ["src/node_modules", true],
  ["dist", true],
  ["src/dist.ts", false],
  [".env", false],
  [".env.local", true],
  ["a/.DS_Store", true],
])("%j skipped: %j", (path, is) => expect(isSkipped(path)).toBe(is));
