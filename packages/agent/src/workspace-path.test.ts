import { describe, expect, test } from "vitest";
import { resolvePath, resolveWritablePath, shownPath } from "./workspace-path.ts";

describe("resolvePath", () => {
  const good: [root: string, given: string, expected: string][] = [
    [".", "src/a.ts", "src/a.ts"],
    [".", "./src//a.ts", "src/a.ts"],
    [".", "", "."],
    [".", ".", "."],
    [".", "/app/src/a.ts", "src/a.ts"],
    [".", "/app", "."],
    ["web", "src/a.ts", "web/src/a.ts"],
    ["web", "/app/web/src/a.ts", "web/src/a.ts"],
    ["web", ".", "web"],
    [".", "a..b/c", "a..b/c"],
  ];
  test.each(good)("in %s, %s is %s", (root, given, expected) => expect(resolvePath(root, given)).toBe(expected));

  const refused: [root: string, given: string][] = [
    [".", "../x"],
    [".", "a/../../x"],
    [".", "a/../b"],
    [".", "/etc/passwd"],
    [".", "/apple"],
    [".", "a\u0000b"],
    [".", "a\nb"],
    ["web", "/app/api/x"],
    ["web", "../api/x"],
    ["web", "/app/web/../api/x"],
  ];
  test.each(refused)("in %s, %j is refused", (root, given) => expect(() => resolvePath(root, given)).toThrow());
});

test.each([".git/config", "a/.git/hooks/x", ".GIT/config", ".", "/app"])("%s is not written", (given) => {
  expect(() => resolveWritablePath(".", given)).toThrow();
});
test.each([".gitignore", ".github/workflows/ci.yml", "git/x"])("%s may be written", (given) => {
  expect(resolveWritablePath(".", given)).toBe(given);
});
test("shownPath reverses resolvePath", () => {
  expect([shownPath("web", "web/a"), shownPath(".", "web/a"), shownPath("web", "web")]).toEqual(["a", "web/a", "."]);
});
