import { expect, test } from "vitest";
import { createProblemFinder, type FoundProblem } from "./problem-finder.ts";

const find = (text: string, directory = "."): [string, string | undefined][] => {
  const finder = createProblemFinder(directory);
  const found: FoundProblem[] = text.split("\n").flatMap(finder.push);
  return [...found, ...finder.flush()].map((p) => [p.message, p.place]);
};

test.each<[string, string, string, [string, string | undefined][]]>([
  [
    "a thrown error of Node",
    ".",
    `listening
/app/src/index.ts:10
  throw new TypeError("no such thing");
  ^

TypeError: no such thing
    at handler (file:///app/src/index.ts:10:9)
    at node:internal/main:1:2

Node.js v24.0.0
up again`,
    [["TypeError: no such thing", "src/index.ts:10:9"]],
  ],
  [
    "a syntax error with its location on the line before",
    ".",
    `file:///app/src/index.ts:3
const = 1;
      ^

SyntaxError: Unexpected token '='
    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)`,
    [["SyntaxError: Unexpected token '='", "src/index.ts:3"]],
  ],
  [
    "Vite",
    "web",
    `\u001b[31m10:11:12 AM [vite] Internal server error: /app/web/src/App.tsx: Unexpected token (12:5)\u001b[39m
  Plugin: vite:react-babel
  File: /app/web/src/App.tsx:12:5
    at constructor (/app/web/node_modules/@babel/parser/lib/index.js:360:19)
10:11:15 AM [vite] hmr update /src/App.tsx`,
    [["/app/web/src/App.tsx: Unexpected token (12:5)", "web/src/App.tsx:12:5"]],
  ],
  [
    "esbuild, twice",
    ".",
    `✘ [ERROR] Could not resolve "missing"

    src/main.ts:1:7:
      1 │ import "missing";

✘ [ERROR] Expected ";" but found "}"

    src/b.ts:4:2:`,
    [
      ['Could not resolve "missing"', "src/main.ts:1:7"],
      ['Expected ";" but found "}"', "src/b.ts:4:2"],
    ],
  ],
  [
    "TypeScript, both ways",
    "api",
    "src/a.ts(3,7): error TS2304: Cannot find name 'x'.\nsrc/b.ts:4:1 - error TS1005: ';' expected.",
    [
      ["error TS2304: Cannot find name 'x'.", "api/src/a.ts:3:7"],
      ["error TS1005: ';' expected.", "api/src/b.ts:4:1"],
    ],
  ],
  [
    "Python",
    ".",
    `Traceback (most recent call last):
  File "/usr/lib/python3/runpy.py", line 1, in run
  File "/app/main.py", line 7, in <module>
    boom()
NameError: name 'boom' is not defined
INFO: restarted`,
    [["NameError: name 'boom' is not defined", "main.py:7"]],
  ],
  ["Next", ".", "./src/app/page.tsx:12:5\nError: Hydration failed\n", [["Error: Hydration failed", "src/app/page.tsx:12:5"]]],
  ["Go", ".", "# app\n./main.go:12:5: undefined: boom", [["undefined: boom", "main.go:12:5"]]],
  [
    "one after the other",
    ".",
    "Error: first\nsrc/a.ts(3,7): error TS1: second",
    [
      ["Error: first", undefined],
      ["error TS1: second", "src/a.ts:3:7"],
    ],
  ],
  ["output without errors", ".", "GET / 200\nerrors: 0\nError handling is on\nat 12:30:45 all is well\nno error: fine", []],
])("%s", (_name, directory, text, expected) => expect(find(text, directory)).toEqual(expected));

test("limits the frames of an error", () => {
  const finder = createProblemFinder(".");
  finder.push("Error: deep");
  let found: FoundProblem[] = [];
  for (let i = 0; i < 100 && found.length === 0; i++) found = finder.push(`    at f (/app/a.js:${i}:1)`);
  expect(found[0]?.lines).toHaveLength(40);
});

test.each<[string, (length: number) => string]>([
  ["letters", (length) => "a".repeat(length)],
  ["an unterminated stack frame", (length) => `    at ${"(".repeat(length / 2)}`],
  ["folders", (length) => `${"/x".repeat(length / 2)}:1`],
  ["brackets", (length) => "[".repeat(length)],
])("the time for a hostile line grows linearly with its length: %s", (_name, lineOf) => {
  /** CPU milliseconds of this thread, so that other load does not count. */
  const workOf = (line: string): number => {
    const finder = createProblemFinder(".");
    const before = process.threadCpuUsage();
    finder.push("Error: deep");
    finder.push(line);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  const eighth = workOf(lineOf(12_500));
  // Linear work is eight times, quadratic work 64 times; very fast results are not compared.
  expect(workOf(lineOf(100_000)) / Math.max(20, eighth)).toBeLessThan(24);
});
