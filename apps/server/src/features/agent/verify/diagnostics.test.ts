import { describe, expect, test } from "vitest";
import type { FileChange, Workspace, WorkspaceExecResult, WorkspaceFiles } from "@tesslate/agent";
import { call, say, script } from "@tesslate/testkit";
import { chatWorld, find } from "../../../testing/chat.ts";
import { createDiagnostics } from "./diagnostics.ts";
import { parseEslint, parseOxlint, parsePyCompile, parsePyright, parseRuff, parseTsc } from "./diagnostics.parsers.ts";

describe("the output of checkers", () => {
  test.each([
    [
      "tsc",
      parseTsc(
        "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.\n  The expected type comes from here.\n",
        "",
      ),
      [{ file: "src/a.ts", line: 3, code: "TS2322", message: "Type 'string' is not assignable to type 'number'." }],
    ],
    [
      "eslint: errors, not warnings",
      parseEslint(
        JSON.stringify([
          {
            filePath: "/app/src/a.ts",
            messages: [
              { line: 2, ruleId: "no-undef", severity: 2, message: "'x' is not defined." },
              { line: 3, ruleId: "no-console", severity: 1, message: "Unexpected console statement." },
              { ruleId: null, severity: 2, message: "Parsing error" },
            ],
          },
        ]),
        "",
      ),
      [
        { file: "/app/src/a.ts", line: 2, code: "no-undef", message: "'x' is not defined." },
        { file: "/app/src/a.ts", line: 1, code: "error", message: "Parsing error" },
      ],
    ],
    ["eslint that broke", parseEslint("Oops! Something went wrong!", ""), undefined],
    [
      "oxlint",
      parseOxlint("src/a.ts:1:7: Variable 'x' is declared but never used. [Warning/eslint(no-unused-vars)]\n\n1 problem\n", ""),
      [{ file: "src/a.ts", line: 1, code: "eslint(no-unused-vars)", message: "Variable 'x' is declared but never used." }],
    ],
    [
      "ruff",
      parseRuff(
        "app/a.py:1:8: F401 [*] `os` imported but unused\napp/b.py:2:1: invalid-syntax: Expected an expression\nFound 2 errors.\n",
        "",
      ),
      [
        { file: "app/a.py", line: 1, code: "F401", message: "[*] `os` imported but unused" },
        { file: "app/b.py", line: 2, code: "invalid-syntax", message: "Expected an expression" },
      ],
    ],
    [
      "pyright",
      parsePyright(
        JSON.stringify({
          generalDiagnostics: [
            { file: "/app/a.py", severity: "error", message: "x is not defined", rule: "reportUndefined", range: { start: { line: 4 } } },
            { file: "/app/a.py", severity: "warning", message: "y" },
          ],
        }),
        "",
      ),
      [{ file: "/app/a.py", line: 5, code: "reportUndefined", message: "x is not defined" }],
    ],
    [
      "the Python compiler",
      parsePyCompile("", '  File "a.py", line 1\n    x = \n        ^\nSyntaxError: invalid syntax\n'),
      [{ file: "a.py", line: 1, code: "SyntaxError", message: "invalid syntax" }],
    ],
  ])("%s", (_name, found, expected) => expect(found).toEqual(expected));
});

/** A project with TypeScript, whose compiler prints `output` after `delayMs`. */
function project({ files = {}, delayMs = 0 }: { files?: Record<string, string>; delayMs?: number } = {}) {
  const tree: Record<string, string> = { "package.json": "{}", "tsconfig.json": "{}", "node_modules/.bin/tsc": "", ...files };
  const state: { output: string; calls: string[][]; delayMs: number; eslint: Partial<WorkspaceExecResult> | Error } = {
    output: "",
    calls: [],
    delayMs,
    eslint: {},
  };
  const exec: Workspace["exec"] = async (argv, options) => {
    state.calls.push(argv);
    if (argv[0]?.endsWith("eslint")) {
      if (state.eslint instanceof Error) throw state.eslint;
      return { exitCode: 2, signal: null, stdout: "", stderr: "", timedOut: false, aborted: false, durationMs: 1, ...state.eslint };
    }
    const timedOut = state.delayMs > (options?.timeoutMs ?? Infinity);
    await new Promise((resolve) => setTimeout(resolve, timedOut ? 0 : state.delayMs));
    const result: WorkspaceExecResult = {
      exitCode: state.output === "" ? 0 : 2,
      signal: null,
      stdout: state.output,
      stderr: "",
      timedOut,
      aborted: false,
      durationMs: 1,
    };
    return result;
  };
  const workspaceFiles = {
    stat: async (path: string) => (path in tree ? { path } : undefined),
    read: async (path: string) => {
      if (!(path in tree)) throw new Error("not found");
      return { data: new TextEncoder().encode(tree[path]) };
    },
  } as unknown as WorkspaceFiles;
  const { signal } = new AbortController();
  const diagnostics = createDiagnostics({ exec, files: workspaceFiles }, ["."], signal);
  const changed = (path: string): FileChange => ({ path, op: "update" });
  return { state, diagnostics, check: (path = "src/a.ts") => diagnostics.check([changed(path)], signal) };
}
const old = "src/old.ts(1,1): error TS1: Old problem.\n";
const fresh = "src/b.ts(2,1): error TS2: New problem.\n";
const own = "src/a.ts(3,1): error TS3: Own problem.\n";
/** Until the state before the run is read. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("diagnostics of a run", () => {
  test("only problems that are new since the run began are told, each once", async () => {
    const { state, diagnostics, check } = project();
    state.output = old;
    diagnostics.begin();
    await settled();
    state.output = old + fresh;
    expect(await check()).toBe("New problems (tsc):\nsrc/b.ts:2: TS2 New problem.");
    // Moved by an edit above it.
    state.output = old.replace("(1,1)", "(9,1)") + fresh + own;
    expect(await check()).toBe("New problems (tsc):\nsrc/a.ts:3: TS3 Own problem.\nOne problem reported before remains.");
    state.output = old;
    expect(await check()).toBe("No new problems (tsc).");
    expect(await check("README.md")).toBeUndefined();
    // Fixed and made again.
    state.output = old + own;
    expect(await check()).toBe("New problems (tsc):\nsrc/a.ts:3: TS3 Own problem.");
    // The same problem in one more place.
    state.output = old + old;
    expect(await check()).toContain("src/old.ts:1: TS1");
  });

  test("without the state before the run only problems of the changed files are told", async () => {
    const { state, check } = project();
    state.output = old + own;
    expect(await check()).toBe("New problems (tsc):\nsrc/a.ts:3: TS3 Own problem.");
  });

  test("a checker that takes too long is named, and left out after the second time", async () => {
    const { state, diagnostics, check } = project();
    diagnostics.begin();
    await settled();
    state.delayMs = 60_000;
    const note = "tsc took longer than 10 s and was stopped.";
    expect([await check(), await check(), await check()]).toEqual([note, note, undefined]);
  });

  test("what is not installed is named once; a project without checkers has nothing to say", async () => {
    const missing = project({ files: { "eslint.config.js": "" } });
    expect(await missing.check()).toBe("No new problems (tsc).\nESLint is not installed, so it was not run.");
    expect(await missing.check()).toBe("No new problems (tsc).");
    const { check } = project({ files: { "package.json": "{", "tsconfig.json": "{}" } });
    expect(await check("a.md")).toBeUndefined();
  });

  test("a checker that cannot run is named with the reason, once until that changes", async () => {
    const { state, check } = project();
    const broken = "error TS5083: Cannot read file 'tsconfig.json'.";
    state.output = `${broken}\n`;
    expect(await check()).toBe(`tsc could not run: ${broken}`);
    expect(await check()).toBeUndefined();
    state.output = `Version 7\n  error TS6053: ${"x".repeat(1_000)}\n`;
    expect(await check()).toBe(`tsc could not run: error TS6053: ${"x".repeat(300 - 14)}…`);
    state.output = "";
    expect(await check()).toBe("No new problems (tsc).");
    state.output = `${broken}\n`;
    expect(await check()).toBe(`tsc could not run: ${broken}`);
  });

  test.each([
    [
      { stderr: "\nOops! Something went wrong! :(\n\nESLint: 9.39.1\n\nError: Cannot find module '@eslint/js'\n" },
      "Error: Cannot find module '@eslint/js'",
    ],
    [{ stdout: "Killed\n", exitCode: null, signal: "SIGKILL" }, "Killed"],
    [{ exitCode: null, signal: "SIGKILL" }, "it was ended by SIGKILL."],
    [{ exitCode: 127 }, "it ended with exit code 127."],
    [new Error("no sandbox"), "it did not start."],
  ])("of another checker: %j", async (result, reason) => {
    const { state, check } = project({ files: { "eslint.config.js": "", "node_modules/.bin/eslint": "" } });
    state.eslint = result;
    expect(await check()).toBe(`No new problems (tsc).\nESLint could not run: ${reason}`);
  });

  test("each configuration of a solution file is checked", async () => {
    const { state, check } = project({
      files: { "tsconfig.json": '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" }] }' },
    });
    await check();
    expect(state.calls.map((argv) => argv[2])).toEqual(["tsconfig.app.json", "tsconfig.node.json"]);
  });
});

test("what a checker prints when it cannot run has no secrets", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "src/a.ts", content: "right\n" }), say("Done.")] });
  const value = "s3cret-value-of-the-project";
  await world.app.as(world.owner).secrets.set({ params: { project_id: world.project.id }, body: { key: "API_TOKEN", value } });
  const { files } = world.sandbox;
  await files.write("package.json", "{}");
  await files.write("tsconfig.json", "{}");
  await files.write("node_modules/.bin/tsc", `#!/bin/sh\necho "Error: no registry at https://${value}@example.org" >&2\nexit 1\n`);
  await world.sandbox.exec(["chmod", "+x", "node_modules/.bin/tsc"]);
  const events = await world.run("Go");
  const told = JSON.stringify(find(events, "agent_step")?.data.tool_results[0]?.result);
  expect(told).toContain("tsc could not run: Error: no registry at https://");
  expect(told).not.toContain(value);
  expect(JSON.stringify(world.model.requests.at(-1)!.body)).not.toContain(value);
});

test("the project's setting turns diagnostics off", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "src/a.ts", content: "right\n" }), say("Done.")] });
  const { files } = world.sandbox;
  await files.write("package.json", "{}");
  await files.write("tsconfig.json", "{}");
  await world.app.as(world.owner).projects.update({ params: { id: world.project.id }, body: { settings: { agent_diagnostics: false } } });
  const events = await world.run("Go");
  expect(find(events, "agent_step")?.data.tool_results[0]?.result).not.toHaveProperty("diagnostics");
});

test("the agent reads new problems in the result of the call that made them", async () => {
  await using world = await chatWorld();
  const { files } = world.sandbox;
  await files.write("package.json", "{}");
  await files.write("tsconfig.json", "{}");
  // Stands for the compiler: every line with "wrong" is an error.
  const compiler = `#!/bin/sh\ngrep -Hn wrong src/*.ts | sed -E 's/^([^:]+):([0-9]+):.*/\\1(\\2,1): error TS1: Wrong./'\ngrep -q wrong src/*.ts && exit 2\nexit 0\n`;
  await files.write("node_modules/.bin/tsc", compiler);
  await files.write("src/old.ts", "wrong\n");
  await world.sandbox.exec(["chmod", "+x", "node_modules/.bin/tsc"]);
  world.model.setScript(
    script([
      call("read_file", { file_path: "src/old.ts" }),
      call("list_dir", {}),
      call("write_file", { file_path: "src/a.ts", content: "right\nwrong\n" }),
      call("edit_file", { file_path: "src/a.ts", edits: [{ search: "wrong", replace: "right" }] }),
      say("Done."),
    ]),
  );
  const events = await world.run("Go");
  const steps = events.flatMap((event) => (event.type === "agent_step" ? [event.data] : []));
  expect(steps[2]!.tool_results[0]!.result).toMatchObject({ diagnostics: "New problems (tsc):\nsrc/a.ts:2: TS1 Wrong." });
  expect(steps[3]!.tool_results[0]!.result).toMatchObject({ diagnostics: "No new problems (tsc)." });
  expect(find(events, "complete")?.data.success).toBe(true);
});
