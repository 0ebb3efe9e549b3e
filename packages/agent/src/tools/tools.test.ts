import { symlink } from "node:fs/promises";
import { gif, png } from "@tesslate/testkit";
import { describe, expect, test } from "vitest";
import { textOf } from "../conversation.ts";
import { editFormatOf } from "../edit-format.ts";
import type { FileChange } from "../events.ts";
import type { RunCommands } from "../run-commands.ts";
import type { ToolResult } from "../tool-call.ts";
import { answer, call, calls, memoryImages, play, resultTexts, scripted, type RunChanges } from "../testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "../testing/temp-workspace.ts";
import type { ModelRequest, EditFormat } from "../model-client.ts";

/** Runs calls through the loop, as one batch. */
async function use(
  ws: TempWorkspace,
  all: [name: string, parameters: unknown][],
  changes: RunChanges = {},
): Promise<{ results: ToolResult[]; changed: FileChange[]; received: string[] }> {
  const run = await play(ws, [calls(...all.map(([name, parameters]) => call(name, parameters))), answer("ok")], changes);
  const received = resultTexts(run.client.requests[1]!.messages);
  return { results: run.first("agent_step").data.tool_results, changed: run.all("file_changed").map((event) => event.data), received };
}

describe("read_file", () => {
  test("reads whole files and pages of long ones, and names missing ones", async () => {
    await using ws = await tempWorkspace({
      "a.txt": "one\ntwo\n",
      "long.txt": Array.from({ length: 3_000 }, (_, index) => `line ${index + 1} ${"x".repeat(20)}`).join("\n"),
      "empty.txt": "",
      "wide.txt": "w".repeat(50_000),
    });
    const { results, received } = await use(ws, [
      ["read_file", { file_path: "a.txt" }],
      ["read_file", { file_path: "long.txt" }],
      ["read_file", { file_path: "long.txt", offset: 2_999, limit: 5 }],
      ["read_file", { file_path: "missing.txt" }],
      ["read_file", { file_path: "empty.txt" }],
      ["read_file", { file_path: "wide.txt" }],
      ["read_file", { file_path: "a.txt", offset: 9 }],
    ]);
    expect(results[0]).toMatchObject({
      success: true,
      tool: "read_file",
      result: { success: true, file_path: "a.txt", content: "one\ntwo", details: { size_bytes: 8, lines: 2 } },
    });
    const next = Number(/Continue with offset (\d+)/.exec(received[1]!)?.[1]);
    expect(next).toBeGreaterThan(1_500);
    expect(received[1]!.length).toBeLessThan(51_000);
    expect(received[1]).toContain(`line ${next - 1} `);
    expect(received[1]).not.toContain("left out");
    expect(results[2]!.result?.content).toMatch(/^line 2999 x+\nline 3000 x+$/);
    expect(results[3]).toMatchObject({ success: false, error: "missing.txt does not exist.", result: { success: false, exists: false } });
    expect(results[4]).toMatchObject({ success: true, result: { content: "" } });
    expect(results[5]!.result?.content).toMatch(/48000 more characters/);
    expect(results[6]).toMatchObject({ success: false, error: "a.txt has only 2 lines." });
  });

  test("refuses folders, binary files, and what leaves the project", async () => {
    await using ws = await tempWorkspace({ "src/a.txt": "x" });
    await ws.files.write("logo.png", new Uint8Array([137, 80, 0, 1]));
    await symlink("/etc/passwd", `${ws.dir}/link`);
    const { results } = await use(ws, [
      ["read_file", { file_path: "src" }],
      ["read_file", { file_path: "logo.png" }],
      ["read_file", { file_path: "../../etc/passwd" }],
      ["read_file", { file_path: "/etc/passwd" }],
      ["read_file", { file_path: "link" }],
    ]);
    expect(results.map((result) => result.success)).toEqual([false, false, false, false, false]);
    expect(results[1]!.error).toBe("logo.png is a binary file of 4 bytes.");
    expect(JSON.stringify(results)).not.toContain("root:");
  });

  test("images of the types that models take are shown; others are binary files", async () => {
    await using ws = await tempWorkspace();
    const files = {
      "logo.png": png(8, 6),
      "a.jpg": Buffer.from("ffd8ffe000", "hex"),
      "a.gif": gif(1, 1),
      "a.ico": Buffer.from([0, 0, 1, 0]),
    };
    for (const [path, data] of Object.entries(files)) await ws.files.write(path, data);
    const calls = Object.keys(files).map((file_path): [string, unknown] => ["read_file", { file_path }]);
    const { results } = await use(ws, calls, { deps: { images: memoryImages() } });
    const of = (media_type: string, name: string) => [{ type: "image", name, media_type }];
    expect(results).toMatchObject([
      {
        success: true,
        images: [{ ...of("image/png", "logo.png")[0], width: 8, height: 6 }],
        result: { message: `logo.png is an image (PNG, ${png(8, 6).length} bytes).` },
      },
      { success: true, images: of("image/jpeg", "a.jpg") },
      { success: true, images: of("image/gif", "a.gif") },
      { success: false, error: "a.ico is a binary file of 4 bytes." },
    ]);
    // Only the conversation has the data.
    expect(JSON.stringify(results)).not.toMatch(/"data"|iVBOR/);
  });
});

describe("write_file", () => {
  test("creates with parents, replaces with a diff, and does nothing for the same content", async () => {
    await using ws = await tempWorkspace();
    const lines = `${Array.from({ length: 12 }, (_, index) => index).join("\n")}\n`;
    const { results, changed, received } = await use(ws, [
      ["write_file", { file_path: "a/b/c.txt", content: "one\n" }],
      ["write_file", { file_path: "a/b/c.txt", content: "two\n" }],
      ["write_file", { file_path: "a/b/c.txt", content: "two\n" }],
      ["write_file", { file_path: "long.txt", content: lines }],
    ]);
    expect(changed.map((change) => [change.path, change.op, change.size])).toEqual([
      ["a/b/c.txt", "add", 4],
      ["a/b/c.txt", "update", 4],
      ["long.txt", "add", 26],
    ]);
    expect(changed[1]!.diff).toBe("--- a/a/b/c.txt\n+++ b/a/b/c.txt\n@@ -1,1 +1,1 @@\n-one\n+two\n");
    expect(results.map((one) => one.result?.["change"])).toEqual([
      { additions: 1, deletions: 0 },
      { additions: 1, deletions: 1 },
      { additions: 0, deletions: 0 },
      { additions: 12, deletions: 0 },
    ]);
    expect(received[1]).not.toContain("additions");
    expect(results[3]!.result).toMatchObject({ preview: "0\n1\n2\n3\n4\n…\n7\n8\n9\n10\n11", details: { line_count: 12, size_bytes: 26 } });
  });

  test("refuses git's files, folders and paths outside the project", async () => {
    await using ws = await tempWorkspace({ "src/a.txt": "x" });
    const { results, changed } = await use(ws, [
      ["write_file", { file_path: ".git/hooks/pre-commit", content: "x" }],
      ["write_file", { file_path: "src", content: "x" }],
      ["write_file", { file_path: "../x", content: "x" }],
    ]);
    expect(results.every((result) => !result.success && result.error)).toBe(true);
    expect(changed).toEqual([]);
    expect(Object.keys(await ws.snapshot())).toEqual(["src/a.txt"]);
  });

  test("in a scoped container paths are relative to it, and events have the project's paths", async () => {
    await using ws = await tempWorkspace({ "web/index.html": "x" });
    const { results, changed } = await use(
      ws,
      [
        ["write_file", { file_path: "src/a.ts", content: "x" }],
        ["read_file", { file_path: "/app/web/src/a.ts" }],
        ["run_command", { command: "ls" }],
        ["glob", { pattern: "*.ts" }],
        ["grep", { pattern: "x" }],
      ],
      { root: "web" },
    );
    expect(changed[0]!.path).toBe("web/src/a.ts");
    expect(results[2]!.result?.output).toBe("index.html\nsrc\n");
    expect(results[3]!.result?.content).toBe("src/a.ts");
    expect(results[4]!.result?.content).toBe("index.html:1: x\nsrc/a.ts:1: x");
  });
});

describe("edit_file", () => {
  test("too many edits for a large file are refused with a message", async () => {
    const text = "word\n".repeat(200_000);
    await using ws = await tempWorkspace({ "big.txt": text });
    const edits = Array.from({ length: 60 }, (_, index) => ({ search: `word ${index}`, replace: "x" }));
    const run = await play(ws, [calls(call("edit_file", { file_path: "big.txt", edits })), answer("In parts, then.")]);
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({ success: false, error: expect.stringContaining("too many") });
    expect(await ws.get("big.txt")).toBe(text);
  });

  test("a patch returns a short diff and how it matched", async () => {
    await using ws = await tempWorkspace({ "a.ts": "const a = 1;\nconst b = 2;\n" });
    const { results, changed } = await use(ws, [["edit_file", { file_path: "a.ts", search: "b = 2", replace: "b = 3" }]]);
    expect(results[0]).toEqual({
      success: true,
      tool: "edit_file",
      result: {
        success: true,
        message: "Changed a.ts at line 2.",
        file_path: "a.ts",
        diff: "@@ -1,2 +1,2 @@\n const a = 1;\n-const b = 2;\n+const b = 3;",
        change: { additions: 1, deletions: 1 },
        details: { edit_count: 1, applied_edits: [{ index: 0, line: 2, match_method: "exact" }], size_bytes: 26 },
      },
    });
    expect(changed).toMatchObject([{ path: "a.ts", op: "update", size: 26 }]);
  });

  test("former names and a single edit without the list are accepted", async () => {
    await using ws = await tempWorkspace({ "a.ts": "1\n2\n3\n" });
    const { results } = await use(
      ws,
      [
        ["patch_file", { file_path: "a.ts", search: "1", replace: "one" }],
        ["multi_edit", { file_path: "a.ts", edits: [{ search: "2", replace: "two" }] }],
        ["edit_file", { path: "a.ts", old_string: "3", new_string: "three" }],
      ],
      { agent: { system_prompt: "x", tools: ["patch_file"] } },
    );
    expect(results.map(({ success, tool }) => [success, tool])).toEqual(Array.from({ length: 3 }, () => [true, "edit_file"]));
    expect(await ws.get("a.ts")).toBe("one\ntwo\nthree\n");
  });

  test("a model is offered the edit tool it is trained on, and may call the other", async () => {
    expect(["gpt-5.1", "openai/gpt-5-codex", "gpt-4o", "openai/gpt-oss-120b", "anthropic/claude-sonnet-4.6"].map(editFormatOf)).toEqual([
      "patch",
      "patch",
      "edits",
      "edits",
      "edits",
    ]);
    await using ws = await tempWorkspace({ "a.ts": "1\n" });
    const offered = async (edit_format: EditFormat, tools: string[] | null): Promise<string[]> => {
      const client = scripted([calls(call("edit_file", { file_path: "a.ts", search: "1", replace: "1" })), answer("ok")]);
      const run = await play(ws, [], { model: { client, edit_format }, agent: { system_prompt: "x", tools } });
      if (tools === null) expect(run.first("agent_step").data.tool_results[0]!.success).toBe(true);
      return client.requests[0]!.tools.map(({ name }) => name).filter((name) => name === "edit_file" || name === "apply_patch");
    };
    expect(await offered("edits", null)).toEqual(["edit_file"]);
    expect(await offered("patch", null)).toEqual(["apply_patch"]);
    expect(await offered("patch", ["read_file", "multi_edit"])).toEqual(["edit_file"]);
    expect(await offered("edits", ["read_file", "apply_patch"])).toEqual(["apply_patch"]);
  });

  test("two equal places, no match and a missing file are refused", async () => {
    await using ws = await tempWorkspace({ "a.ts": "x();\ny();\nx();\n" });
    const { results, changed, received } = await use(ws, [
      ["edit_file", { file_path: "a.ts", search: "x();", replace: "z();" }],
      ["edit_file", { file_path: "a.ts", search: "completely different text", replace: "z();" }],
      ["edit_file", { file_path: "b.ts", search: "x", replace: "z" }],
    ]);
    expect(results.map((result) => result.error)).toEqual([
      "search occurs 2 times in a.ts, at lines 1, 3. Nothing was changed.",
      "search was not found in a.ts. Nothing was changed.",
      "b.ts does not exist.",
    ]);
    expect(received[0]).toContain("Quote more of the lines");
    expect(changed).toEqual([]);
  });

  test("several edits are all or nothing", async () => {
    await using ws = await tempWorkspace({ "a.ts": "1\n2\n3\n" });
    const { results, changed } = await use(ws, [
      [
        "edit_file",
        {
          file_path: "a.ts",
          edits: [
            { search: "1", replace: "one" },
            { search: "9", replace: "nine" },
          ],
        },
      ],
      [
        "edit_file",
        {
          file_path: "a.ts",
          edits: [
            { search: "1", replace: "one" },
            { search: "one", replace: "ONE" },
          ],
        },
      ],
    ]);
    expect(results[0]!.error).toMatch(/^Edit 2 of 2: search was not found/);
    expect(results[1]!.result?.details).toEqual({
      edit_count: 2,
      applied_edits: [
        { index: 0, line: 1, match_method: "exact" },
        { index: 1, line: 1, match_method: "exact" },
      ],
      size_bytes: 8,
    });
    expect(changed).toHaveLength(1);
    expect(await ws.get("a.ts")).toBe("ONE\n2\n3\n");
  });

  test("a file that has changed is not overwritten", async () => {
    await using ws = await tempWorkspace({ "a.ts": "1\n" });
    const read0 = ws.files.read;
    ws.files.read = async (path, options) => {
      const found = await read0(path, options);
      await ws.put("a.ts", "somebody else's\n");
      return found;
    };
    const { results } = await use(ws, [["edit_file", { file_path: "a.ts", search: "1", replace: "2" }]]);
    expect(results[0]!.error).toMatch(/changed by someone else/);
    expect(await ws.get("a.ts")).toBe("somebody else's\n");
  });

  test("text that is not UTF-8 is not edited, a byte order mark is kept", async () => {
    await using ws = await tempWorkspace();
    await ws.files.write("latin.txt", new Uint8Array([0x61, 0xe9, 0x0a]));
    await ws.files.write("bom.txt", new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0x0a]));
    const { results } = await use(ws, [
      ["edit_file", { file_path: "latin.txt", search: "a", replace: "b" }],
      ["edit_file", { file_path: "bom.txt", search: "a", replace: "b" }],
    ]);
    expect(results.map((result) => result.success)).toEqual([false, true]);
    expect([...(await ws.files.read("bom.txt")).data]).toEqual([0xef, 0xbb, 0xbf, 0x62, 0x0a]);
  });
});

describe("apply_patch", () => {
  const patch = (...lines: string[]): unknown => ({ patch: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") });

  test("adds, changes, moves and deletes files as one unit", async () => {
    await using ws = await tempWorkspace({ "change.txt": "a\nb\n", "gone.txt": "bye\n", "from.txt": "1\n2\n", "plain.txt": "same\n" });
    const { results, changed } = await use(ws, [
      [
        "apply_patch",
        patch(
          "*** Add File: new/x.txt",
          "+hello",
          "*** Update File: change.txt",
          "-b",
          "+B",
          "*** Delete File: gone.txt",
          "*** Update File: from.txt",
          "*** Move to: to/to.txt",
          "-2",
          "+two",
          "*** Update File: plain.txt",
          "*** Move to: moved.txt",
        ),
      ],
    ]);
    expect(results[0]).toMatchObject({
      success: true,
      result: {
        content: "A new/x.txt\nU change.txt\nD gone.txt\nM from.txt -> to/to.txt\nM plain.txt -> moved.txt",
        change: { additions: 3, deletions: 3 },
        details: { files_modified: 5 },
      },
    });
    expect(await ws.snapshot()).toEqual({ "new/x.txt": "hello\n", "change.txt": "a\nB\n", "to/to.txt": "1\ntwo\n", "moved.txt": "same\n" });
    expect(changed.map((change) => [change.op, change.path, change.new_path])).toEqual([
      ["add", "new/x.txt", undefined],
      ["update", "change.txt", undefined],
      ["delete", "gone.txt", undefined],
      ["move", "from.txt", "to/to.txt"],
      ["move", "plain.txt", "moved.txt"],
    ]);
    expect(changed[2]!.diff).toBe("--- a/gone.txt\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-bye\n");
  });

  test("edits that change nothing write nothing, and the result reports it", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n" });
    const { results, changed } = await use(ws, [
      ["apply_patch", patch("*** Update File: a.txt", "-a", "+a")],
      ["edit_file", { file_path: "a.txt", search: "a", replace: "a" }],
      ["edit_file", { file_path: "a.txt", edits: [{ search: "a", replace: "a" }] }],
      ["write_file", { file_path: "empty.txt", content: "" }],
    ]);
    const none = { success: true, result: { change: { additions: 0, deletions: 0 } } };
    expect(results.slice(0, 3)).toMatchObject([none, none, none]);
    // A file that is new changes something, although it has no line.
    expect(results[3]!.result).not.toHaveProperty("change");
    expect(changed.map((change) => change.path)).toEqual(["empty.txt"]);
  });

  test("a hunk that does not match fails the patch before any change", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n", "b.txt": "b\n" });
    const { results, changed } = await use(ws, [
      ["apply_patch", patch("*** Update File: a.txt", "-a", "+A", "*** Update File: b.txt", "-missing", "+x")],
    ]);
    expect(results[0]).toMatchObject({
      success: false,
      error: expect.stringContaining("b.txt: these lines were not found"),
      result: { details: { applied_before_failure: [] } },
    });
    expect(changed).toEqual([]);
    expect(await ws.snapshot()).toEqual({ "a.txt": "a\n", "b.txt": "b\n" });
  });

  test("a write that fails in the middle restores every file", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n", "d.txt": "d\n" });
    const before = await ws.snapshot();
    const write0 = ws.files.write;
    ws.files.write = async (path, data, options) => {
      if (path === "full.txt") throw Object.assign(new Error("The disk of this project is full."), { code: "storage_full" });
      return write0(path, data, options);
    };
    const { results, changed } = await use(ws, [
      [
        "apply_patch",
        patch(
          "*** Update File: a.txt",
          "-a",
          "+A",
          "*** Delete File: b.txt",
          "*** Update File: c.txt",
          "*** Move to: c2.txt",
          "-c",
          "+C",
          "*** Add File: n.txt",
          "+n",
          "*** Add File: full.txt",
          "+x",
        ),
      ],
    ]);
    expect(results[0]).toMatchObject({
      success: false,
      error: expect.stringContaining("disk of this project is full"),
      result: { details: { applied_before_failure: ["U a.txt", "D b.txt", "M c.txt -> c2.txt", "A n.txt"], rollback: "complete" } },
    });
    expect(changed).toEqual([]);
    expect(await ws.snapshot()).toEqual(before);
  });

  test.each([
    ["a path outside", ["*** Add File: ../x", "+x"]],
    ["git's files", ["*** Add File: .git/x", "+x"]],
    ["one file twice", ["*** Update File: a.txt", "-a", "+b", "*** Delete File: a.txt"]],
    ["an existing file added", ["*** Add File: a.txt", "+x"]],
    ["a move onto a file", ["*** Update File: a.txt", "*** Move to: b.txt"]],
    ["a missing file", ["*** Delete File: nothing.txt"]],
  ])("refuses %s", async (_name, lines) => {
    await using ws = await tempWorkspace({ "a.txt": "a\n", "b.txt": "b\n" });
    const { results } = await use(ws, [["apply_patch", patch(...lines)]]);
    expect(results[0]).toMatchObject({ success: false, error: expect.any(String) });
    expect(await ws.snapshot()).toEqual({ "a.txt": "a\n", "b.txt": "b\n" });
  });
});

describe("looking around", () => {
  const files = {
    "package.json": "{}",
    "src/main.tsx": "render(App)\n",
    "src/ui/Button.tsx": "export const Button = 1;\n",
    "src/ui/button.css": ".b{}\n",
    "node_modules/x/index.js": "render()",
    ".gitignore": "dist\n",
    "dist/out.js": "render()",
  };

  test("list_dir", async () => {
    await using ws = await tempWorkspace(files);
    const { results } = await use(ws, [
      ["list_dir", {}],
      ["list_dir", { path: "src", depth: 2 }],
      ["list_dir", { path: "nope" }],
      ["list_dir", { path: "package.json" }],
    ]);
    expect(results[0]!.result?.content).toBe(".gitignore (5 bytes)\ndist/\nnode_modules/\npackage.json (2 bytes)\nsrc/");
    expect(results[1]!.result?.content).toBe("main.tsx (12 bytes)\nui/\nui/Button.tsx (25 bytes)\nui/button.css (5 bytes)");
    expect(results.slice(2).map((result) => result.error)).toEqual(["nope does not exist.", "package.json is a file."]);
  });

  test("glob", async () => {
    await using ws = await tempWorkspace(files);
    const { results } = await use(ws, [
      ["glob", { pattern: "src/**/*.tsx" }],
      ["glob", { pattern: "*.css" }],
      ["glob", { pattern: "*.js" }],
      ["glob", { pattern: "node_modules/**/*.js" }],
      ["glob", { pattern: "*.{tsx,css}", path: "src/ui" }],
    ]);
    const found = results.map((result) => String(result.result?.content).split("\n").toSorted());
    expect(found).toEqual([
      ["src/main.tsx", "src/ui/Button.tsx"],
      ["src/ui/button.css"],
      [""],
      ["node_modules/x/index.js"],
      ["Button.tsx", "button.css"],
    ]);
  });

  test("grep", async () => {
    await using ws = await tempWorkspace({ ...files, "many.txt": "hit\n".repeat(300), "-dash.txt": "dashed\n" });
    const { results } = await use(ws, [
      ["grep", { pattern: "render\\(" }],
      ["grep", { pattern: "BUTTON", ignore_case: true, glob: "*.tsx" }],
      ["grep", { pattern: "nothing here" }],
      ["grep", { pattern: "(" }],
      ["grep", { pattern: "hit" }],
      ["grep", { pattern: "dashed", path: "-dash.txt" }],
      ["grep", { pattern: "--files" }],
      ["grep", { pattern: "x", path: "../" }],
    ]);
    expect(results[0]!.result?.content).toBe("src/main.tsx:1: render(App)");
    expect(results[1]!.result?.content).toBe("src/ui/Button.tsx:1: export const Button = 1;");
    expect(results[2]).toMatchObject({ success: true, result: { message: "Nothing matches nothing here." } });
    expect(results[3]).toMatchObject({ success: false, error: expect.stringMatching(/regex|unclosed/) });
    expect(results[4]!.result).toMatchObject({
      message: "300 matches in 1 file, the first 100 shown.",
      details: { matches: 300, files: 1 },
    });
    expect(results[5]!.result?.content).toBe("-dash.txt:1: dashed");
    expect(results[6]).toMatchObject({ success: true, result: { message: "Nothing matches --files." } });
    expect(results[7]!.success).toBe(false);
  });
});

describe("run_command", () => {
  test("returns the exit code and both streams, without colors, and leaves quoting untouched", async () => {
    await using ws = await tempWorkspace();
    const { results } = await use(ws, [
      ["run_command", { command: "printf '\\033[31mred\\033[0m\\n'; echo err >&2; exit 7" }],
      ["run_command", { command: "printf '10%%\\r50%%\\r100%%\\n'" }],
      ["run_command", { command: 'echo "a  b" | wc -c' }],
      ["run_command", { command: "kill -TERM $$" }],
    ]);
    expect(results[0]).toMatchObject({ success: false, error: "Exit code 7.", result: { details: { exit_code: 7 } } });
    expect(String(results[0]!.result?.output).split("\n").toSorted()).toEqual(["", "err", "red"]);
    expect(results[1]).toMatchObject({ success: true, result: { output: "100%\n", details: { exit_code: 0 } } });
    expect(String(results[2]!.result?.output).trim()).toBe("5");
    expect(results[3]).toMatchObject({ success: false, error: "The command was ended by SIGTERM." });
  });

  test("a timeout ends the whole process group", async () => {
    await using ws = await tempWorkspace();
    const { results } = await use(ws, [["run_command", { command: "echo before; sleep 500 & sleep 500", timeout: 1 }]]);
    expect(results[0]).toMatchObject({ success: false, error: expect.stringContaining("within 1 s"), result: { output: "before\n" } });
  });

  test("a timeout above ten minutes is refused", async () => {
    await using ws = await tempWorkspace();
    const { results } = await use(ws, [["run_command", { command: "true", timeout: 601 }]]);
    expect(results[0]!.error).toMatch(/do not fit run_command.*timeout/);
  });
});

describe("commands in the background", () => {
  /** Runs each batch after the one before it, with the id of the first command that was started. */
  async function inSteps(
    ws: TempWorkspace,
    first: [string, unknown],
    steps: ((id: string) => [string, unknown][])[],
    changes: RunChanges = {},
  ) {
    const idOf = (text: string): string => /command (\w{8}) in the background/.exec(text)?.[1] ?? "";
    let id = "";
    const run = await play(
      ws,
      [
        calls(call(...first)),
        ...steps.map((step) => (request: ModelRequest) => {
          id ||= idOf(textOf(request.messages.at(-1)!));
          return calls(...step(id).map(([name, parameters]) => call(name, parameters)));
        }),
        answer("ok"),
      ],
      changes,
    );
    return {
      run,
      results: run
        .all("agent_step")
        .slice(1)
        .flatMap((event) => event.data.tool_results),
    };
  }

  test("a command runs on, takes input, is read and stopped", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    const { run, results } = await inSteps(
      ws,
      ["run_command", { command: "/bin/sh", background: true }],
      [
        (command_id) => [
          ["command_output", { command_id, input: "V=42; ls", wait_seconds: 0.3 }],
          ["command_output", { command_id, input: "echo $V", until: "42" }],
          ["stop_command", { command_id }],
          ["command_output", { command_id, input: "echo dead" }],
          ["stop_command", { command_id }],
          ["command_output", { command_id: "none" }],
        ],
      ],
    );
    expect(results.map(({ success }) => success)).toEqual([true, true, true, false, true, false]);
    expect(results[0]!.result).toMatchObject({ message: "The command is running.", output: "a.txt\n", details: { is_running: true } });
    expect(results[1]!.result?.output).toBe("42\n");
    expect(results[4]!.result?.message).toMatch(/had ended already/);
    expect(results[5]!.error).toBe("There is no command none in the background.");
    expect(run.all("command_ended").map((event) => event.data)).toMatchObject([{ reason: "stopped", exit_code: null }]);
  });

  test("a wait ends with the command or its text; the model is told once that a command has ended", async () => {
    await using ws = await tempWorkspace();
    const { run, results } = await inSteps(
      ws,
      ["run_command", { command: "sleep 0.7; echo built; sleep 0.2; exit 3", background: true }],
      [
        (command_id) => [["command_output", { command_id, until: "built", wait_seconds: 30 }]],
        () => [["run_command", { command: "sleep 0.6" }]],
        (command_id) => [["command_output", { command_id, wait_seconds: 30 }]],
        () => [["list_dir", {}]],
      ],
    );
    expect(results[0]!.result).toMatchObject({ output: "built\n", details: { is_running: true, exit_code: null } });
    expect(results[2]!.result).toMatchObject({ message: "The command ended with exit code 3.", details: { exit_code: 3 } });
    const texts = run.client.requests.map((request) => textOf(request.messages.at(-1)!));
    expect(texts.map((text) => /\[Background commands: \w+ \(sleep .*\) ended with exit code 3/.test(text))).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  test("a command that fails at once says so, and its output is in the result", async () => {
    await using ws = await tempWorkspace();
    const { results } = await use(ws, [["run_command", { command: "echo no; exit 7", background: true }]]);
    expect(results[0]).toMatchObject({ success: false, error: "The command ended at once with exit code 7.", result: { output: "no\n" } });
  });

  test("events carry the output with its colors, in order and within limits; the run's end stops the command", async () => {
    await using ws = await tempWorkspace();
    const { run } = await inSteps(ws, ["run_command", { command: "printf '\\033[31mred\\033[0m\\n'; sleep 60", background: true }], []);
    const id = run.first("command_started").data.command_id;
    expect(run.first("command_started").data).toMatchObject({ is_background: true, call: { iteration: 1, index: 0 } });
    expect(run.all("command_output").map((event) => event.data)).toEqual([{ command_id: id, content: "\u001b[31mred\u001b[0m\n" }]);
    expect(run.first("command_ended").data).toMatchObject({ command_id: id, reason: "run_ended", exit_code: null, is_output_cut: false });
    expect(run.order.slice(-2)).toEqual(["command_ended", "complete"]);
    const long = await play(ws, [calls(call("run_command", { command: "sleep 1.2; seq 1 60000" })), answer("ok")]);
    const content = long.all("command_output").map((event) => event.data.content);
    expect(content.join("")).toMatch(/^1\n2\n3\n/);
    expect(content.join("").length).toBe(64 * 1024);
    expect(long.first("command_ended").data).toMatchObject({ reason: "exited", exit_code: 0, is_output_cut: true });
  });

  test("a command that ends in a moment sends no events", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(call("run_command", { command: "echo hi" })), answer("ok")]);
    expect(run.order).toEqual(["charge", "tool_started", "agent_step", "text_chunk", "charge", "complete"]);
  });

  test("a person stops a command, in the foreground and in the background, and the run goes on", async () => {
    await using ws = await tempWorkspace();
    let stop: RunCommands["stop"] | undefined;
    const changes: RunChanges = {
      deps: { onCommands: (commands) => void (stop = commands.stop) },
      onEvent: (event) => {
        if (event.type === "command_started") void stop!(event.data.command_id, "person");
      },
    };
    const run = await play(
      ws,
      [
        calls(call("run_command", { command: "echo begun; sleep 60" })),
        calls(call("run_command", { command: "sleep 60", background: true })),
        answer("ok"),
      ],
      changes,
    );
    expect(run.all("agent_step")[0]!.data.tool_results[0]).toMatchObject({
      success: false,
      error: "The person stopped this command.",
      result: { output: "begun\n" },
    });
    expect(run.all("command_ended").map((event) => event.data.reason)).toEqual(["stopped_by_person", "stopped_by_person"]);
    expect(run.result.success).toBe(true);
  });

  test("the terminals of earlier versions are accepted", async () => {
    await using ws = await tempWorkspace();
    const { results } = await inSteps(
      ws,
      ["shell_open", {}],
      [
        (session_id) => [
          ["shell_exec", { session_id, command: "echo $((40 + 2))", wait_seconds: 0.3 }],
          ["shell_close", { session_id }],
        ],
      ],
      { agent: { system_prompt: "x", tools: ["bash_exec"] } },
    );
    expect(results.map(({ tool, success }) => [tool, success])).toEqual([
      ["command_output", true],
      ["stop_command", true],
    ]);
    expect(results[0]!.result?.output).toBe("42\n");
  });

  test("too many are refused with a list of those that run", async () => {
    await using ws = await tempWorkspace();
    const starts = Array.from({ length: 17 }, (): [string, unknown] => ["run_command", { command: "cat", background: true }]);
    const { results } = await use(ws, starts);
    expect(results.filter((result) => result.success)).toHaveLength(16);
    expect(results[16]!.error).toMatch(/16 commands are running in the background already: \w+ \(cat\)/);
  }, 30_000);
});

describe("information about the run", () => {
  test("to-dos are replaced; unchanged items keep their id; a missing list is refused", async () => {
    await using ws = await tempWorkspace();
    const { results } = await use(ws, [
      [
        "todo_write",
        {
          todos: [
            { content: "a", status: "in_progress" },
            { content: "b", status: "pending", priority: "high" },
          ],
        },
      ],
      [
        "todo_write",
        {
          todos: [
            { content: "a", status: "completed" },
            { content: "c", status: "pending" },
          ],
        },
      ],
      ["todo_read", {}],
      ["todo_write", { todos: [] }],
      ["todo_write", { todos: [{ content: "x", status: "someday" }] }],
    ]);
    const first = results[0]!.result as unknown as { todos: { id: string; priority: string }[]; details: unknown };
    const second = results[2]!.result as unknown as typeof first;
    expect(first.details).toEqual({ total: 2, pending: 1, in_progress: 1, completed: 0 });
    expect(first.todos.map((todo) => todo.priority)).toEqual(["medium", "high"]);
    expect(second.todos[0]!.id).toBe(first.todos[0]!.id);
    expect(second.details).toEqual({ total: 2, pending: 1, in_progress: 0, completed: 1 });
    expect(results.slice(3).map((result) => result.success)).toEqual([false, false]);
  });

  test("project info and preview state", async () => {
    await using ws = await tempWorkspace();
    const { results, received } = await use(ws, [
      ["get_project_info", {}],
      ["get_preview_state", {}],
    ]);
    expect(results[0]!.result).toMatchObject({ id: "p1", name: "Counter", containers: [{ name: "web" }], details: { owner_id: "u1" } });
    expect(received[1]).toContain("Console errors:\nTypeError: x is undefined");
    expect(received[1]).toContain("ready in 200 ms");
  });
});
