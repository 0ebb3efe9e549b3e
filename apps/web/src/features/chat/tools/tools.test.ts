import { describe, expect, test } from "vitest";
import { countLines, diffLines } from "../../../lib/diff-lines.ts";
import type { ToolPart } from "../chat.types.ts";
import { argumentOf, toolFacts, touchedPaths } from "./tool-facts.ts";

const part = (name: string, parameters: Record<string, unknown>, over: Partial<ToolPart> = {}): ToolPart => ({
  kind: "tool",
  key: "k",
  iteration: 1,
  name,
  parameters,
  status: "ok",
  edits: [],
  ...over,
});

describe("diff", () => {
  const diff =
    "--- a/x.ts\n+++ b/x.ts\n@@ -18,2 +18,3 @@\n async\n-  return 6;\n+  return 7;\n+--- not a header\n@@ -40 +41 @@\n-gone\n\\ No newline at end of file\n";
  test("rows with numbers, headers dropped, hunks apart", () => {
    expect(diffLines(diff).map((line) => `${line.kind} ${line.line ?? ""} ${line.text}`)).toEqual([
      "same 18 async",
      "del 19   return 6;",
      "add 19   return 7;",
      "add 20 --- not a header",
      "gap  ",
      "del 40 gone",
    ]);
    expect(countLines(diffLines(diff))).toEqual({ added: 2, removed: 2 });
  });
  test("without hunk headers", () => expect(diffLines("-a\n+b")).toMatchObject([{ kind: "del" }, { kind: "add", line: undefined }]));
});

describe("what a call shows", () => {
  test("a failed command: reason, output, exit code", () => {
    const facts = toolFacts(
      part(
        "run_command",
        { command: "npm test" },
        { status: "failed", result: { success: false, error: "exit 1", result: { output: "FAIL a.test.ts", details: { exit_code: 1 } } } },
      ),
    );
    expect(facts).toMatchObject({ exitCode: 1, output: "exit 1\nFAIL a.test.ts", change: undefined });
  });
  test("a command that was killed for memory", () => {
    const result = { output: "Killed", details: { exit_code: 137, out_of_memory: true } };
    const facts = toolFacts(part("run_command", { command: "npm test" }, { status: "failed", result: { success: false, result } }));
    expect(facts).toMatchObject({ exitCode: 137, isOutOfMemory: true });
  });
  test("an edit: its diff, from the event before the result's shortened one", () => {
    const facts = toolFacts(
      part(
        "edit_file",
        { file_path: "a" },
        { edits: [{ path: "a", op: "update", diff: "@@ -1 +1,2 @@\n-a\n+b\n+c" }], result: { success: true, result: { diff: "-a\n+b" } } },
      ),
    );
    expect(facts.change).toEqual({ added: 2, removed: 1 });
  });
  test("a new file: its text as added lines", () => {
    expect(
      toolFacts(part("write_file", { file_path: "a", content: "1\n2\n" }, { result: { success: true, result: { preview: "1" } } })).change,
    ).toEqual({ added: 2, removed: 0 });
  });
  test("a write: the counts of its comparison, live and after a reload", () => {
    const written = (change: Record<string, number>, edits: ToolPart["edits"] = []) =>
      toolFacts(
        part(
          "write_file",
          { file_path: "a", content: "1\n2\n3\n" },
          {
            edits,
            result: { success: true, result: { message: "a already has this content; nothing changed.", preview: "1\n2\n3", change } },
          },
        ),
      );
    const replaced = { additions: 1, deletions: 2 };
    expect(written(replaced, [{ path: "a", op: "update", diff: "@@ -1,4 +1,3 @@\n 1\n-x\n-y\n+2\n 3" }]).change).toEqual({
      added: 1,
      removed: 2,
    });
    expect(written(replaced)).toMatchObject({ change: { added: 1, removed: 2 }, diff: undefined, output: "1\n2\n3" });
    expect(written({ additions: 3, deletions: 0 }).diff).toHaveLength(3);
    expect(written({ additions: 0, deletions: 0 })).toMatchObject({
      change: { added: 0, removed: 0 },
      diff: undefined,
      output: "a already has this content; nothing changed.",
    });
  });
  test("a failed write shows why and claims no change", () => {
    const facts = toolFacts(
      part("write_file", { file_path: "a", content: "1" }, { status: "failed", result: { success: false, error: "No space left" } }),
    );
    expect(facts).toMatchObject({ change: undefined, output: "No space left" });
  });
  test("an unknown tool: its answer unchanged", () => {
    expect(toolFacts(part("weather", {}, { result: { success: true, result: { degrees: 4 } } })).output).toContain('"degrees": 4');
    expect(toolFacts(part("weather", {})).output).toBeUndefined();
  });
});

describe("argument", () => {
  test.each([
    ["read_file", { file_path: "./src/App.tsx" }, "src/App.tsx"],
    ["list_dir", { path: "" }, "."],
    ["run_command", { command: "npm test" }, "npm test"],
    ["grep", { pattern: "useState", path: "src" }, "useState in src"],
    ["apply_patch", { patch: "*** Begin Patch\n*** Update File: a.ts\n*** End Patch" }, "a.ts"],
    ["apply_patch", { patch: "*** Update File: a.ts\n*** Add File: b.ts" }, "2 files"],
    ["todo_write", { todos: [{}, {}] }, "2 items"],
    ["web_fetch", { url: "https://example.org" }, "https://example.org"],
    ["weather", { city: "Bern" }, "Bern"],
    ["get_project_info", {}, ""],
  ])("%s %j", (name, parameters, expected) => expect(argumentOf({ name, parameters }).text).toBe(expected));
});

test.each<[string, Parameters<typeof part>, string[]]>([
  ["streamed live", ["run_command", { command: "x" }, { edits: [{ path: "a", op: "add" }] }], ["a"]],
  ["stored", ["write_file", { file_path: "./a" }], ["a"]],
  ["stored patch", ["apply_patch", { patch: "*** Update File: a\n*** Add File: b" }], ["a", "b"]],
  ["failed", ["write_file", { file_path: "a" }, { status: "failed" }], []],
  ["only read", ["read_file", { file_path: "a" }], []],
])("files touched: %s", (_, given, paths) => expect(touchedPaths(part(...given))).toEqual(paths));
