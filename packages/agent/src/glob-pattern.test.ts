import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { globPattern } from "./glob-pattern.ts";

const paths = [
  "a.ts", "a.tsx", "ab.ts", "b.js", ".env", ".env.local", "src/a.ts", "src/a.test.ts", "src/App.tsx", "src/ui/Button.tsx", "src/ui/deep/x.ts",
  "src/.hidden/a.ts", ".github/workflows/ci.yml", "app/(auth)/page.tsx", "app/[id]/page.tsx", "app/i/page.tsx", "node_modules/a/index.js", "1.txt", "12.txt",
  "img/a1.png", "img/b2.jpg", "x{y}.txt", "we ird.md", "Makefile", "a", "src", "src/a", "a+b.c",
]; // prettier-ignore
const patterns = [
  "*", "**", "**/*", "*.ts", "**/*.ts", "**/*.{ts,tsx}", "src/**", "src/**/*.tsx", "src/*", "src/*/*", "**/ui/**", "**/ui/*.tsx", "{a,b}.{ts,js}",
  "a?.ts", "?.ts", "[ab].*", "[!a].*", "[^a].js", "[a-c]*", "**/[A-Z]*.tsx", ".*", ".env*", "**/.env*", ".github/**/*.yml", "**/.hidden/*", "**/a.ts",
  "*a*", "*a*b*", "**/*a*.*s*", "app/(auth)/*.tsx", "app/[id]/page.tsx", "{src,app}/**/*.tsx", "{src/ui,app}/**", "**/{ui/{deep,x},img}/*",
  "{1..12}.txt", "**/@(a|b).ts", "**/*.@(ts|tsx)", "we ird.md", "**/node_modules/**", "a", "a/**", "**/a", "src/a/**", "*.{ts}", "{a.ts", "[a", "a+b.c",
  "**/**/a.ts", "src/**/**/x.ts", "*/*/*", "", "**/",
]; // prettier-ignore

describe("glob patterns", () => {
  test.each(patterns)("%j matches the same paths as in Node", (pattern) => {
    const fits = globPattern(pattern);
    expect(paths.filter(fits)).toEqual(paths.filter((path) => posix.matchesGlob(path, pattern)));
  });

  test("a backslash escapes the next character", () => {
    const meant = (pattern: string): string[] => paths.filter(globPattern(pattern));
    expect(meant("app/\\[id\\]/page.tsx")).toEqual(["app/[id]/page.tsx"]);
    expect(meant("x\\{y\\}.txt")).toEqual(["x{y}.txt"]);
  });

  test("no pattern takes long to match", () => {
    const long = "a".repeat(250);
    for (const pattern of ["*a".repeat(100) + "*b", "**/a/".repeat(100) + "b", "a*".repeat(200) + "b"])
      for (const path of [long, `${long}.txt`, Array(100).fill("a").join("/") + "/x"])
        expect(globPattern(`**/${pattern}`)(path)).toBe(false);
    for (const pattern of ["{a,b}".repeat(15), "{1..100000}.txt", `{${"{".repeat(500)}a,b}`.repeat(3), "{1..90}{1..90}"])
      try {
        expect(globPattern(pattern)("x")).toBe(false);
      } catch (error) {
        expect((error as Error).message).toMatch(/too many alternatives/);
      }
    expect(() => globPattern("src/!(*.test).ts")).toThrow(/not understood/);
  });
});
