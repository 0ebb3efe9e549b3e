import { describe, expect, test } from "vitest";
import { call, say, script, type ScriptItem } from "@tesslate/testkit";
import type { WorkspaceFiles } from "@tesslate/agent";
import { chatWorld, find } from "../../../testing/chat.ts";
import { findChecks } from "./checks.ts";

const tree = (files: Record<string, string>): WorkspaceFiles =>
  ({
    stat: async (path: string) => (path in files ? { path } : undefined),
    read: async (path: string) => {
      if (!(path in files)) throw new Error("not there");
      return { data: new TextEncoder().encode(files[path]) };
    },
  }) as unknown as WorkspaceFiles;
const scripts = (all: Record<string, string>) => JSON.stringify({ scripts: all });

describe("the project's own checks", () => {
  test.each([
    ["npm", { "package.json": scripts({ test: "vitest", lint: "eslint .", build: "vite build", dev: "vite" }) }, ["lint: npm run lint", "test: npm run test", "build: npm run build"]],
    ["pnpm, another name of the type check", { "package.json": scripts({ "type-check": "tsc" }), "pnpm-lock.yaml": "" }, ["typecheck: pnpm run type-check"]],
    ["no type check script, but TypeScript", { "package.json": "{}", "tsconfig.json": "{}", "node_modules/.bin/tsc": "" }, ["typecheck: node_modules/.bin/tsc --noEmit"]],
    ["npm's own placeholder is no test", { "package.json": scripts({ test: 'echo "Error: no test specified" && exit 1' }) }, []],
    ["an invalid manifest", { "package.json": "{" }, []],
    ["invalid scripts", { "package.json": '{"scripts": []}' }, []],
    ["pytest and ruff", { "pyproject.toml": "[tool.ruff]\n[tool.pytest.ini_options]", ".venv/bin/python": "" }, ["lint: .venv/bin/python -m ruff check .", "test: .venv/bin/python -m pytest -q"]],
    ["requirements without tests", { "requirements.txt": "fastapi" }, []],
    ["go", { "go.mod": "module x" }, ["typecheck: go vet ./...", "test: go test ./..."]],
    ["nothing", {}, []],
  ])("%s", async (_what, files: Record<string, string>, wanted) => {
    expect((await findChecks(tree(files), [])).map(({ name, argv }) => `${name}: ${argv.join(" ")}`)).toEqual(wanted);
  }); // prettier-ignore

  test("with several containers each has its own named checks", async () => {
    const files = tree({ "web/package.json": scripts({ lint: "x" }), "api/package.json": scripts({ test: "y" }) });
    const found = await findChecks(files, [{ name: "Web", directory: "web" }, { name: "Api", directory: "api" }]); // prettier-ignore
    expect(found.map(({ name, container, directory }) => [name, container, directory])).toEqual([["lint", "Web", "web"], ["test", "Api", "api"]]); // prettier-ignore
  });
});

test("run_checks runs them; with the project's switch on, checks run before and after a turn, and a regression is reported", async () => {
  await using world = await chatWorld();
  const client = world.app.as(world.owner);
  /** In a separate chat: the script counts turns. */
  const run = async (...items: ScriptItem[]) => {
    world.model.setScript(script(items));
    const { id: chat_id } = await client.chat.createSession({ body: { project_id: world.project.id } });
    return world.run("Continue", { chat_id });
  };
  const { files } = world.sandbox;
  await files.write("package.json", scripts({ test: "test ! -e broken && echo all fine" }));
  const first = await run(call("run_checks", {}), say("Green."));
  const own = find(first, "evidence_added")?.data;
  expect(own?.checks).toMatchObject({
    success: true,
    checks: [{ name: "test", container: null, command: "npm run test", before: null, after: { status: "passed", exit_code: 0 } }],
  });
  expect(find(first, "agent_step")?.data.tool_results[0]).toMatchObject({ success: true, result: { details: { evidence_id: own?.id } } });
  expect(own?.checks?.checks[0]?.after?.output).toContain("all fine");

  await client.projects.update({ params: { id: world.project.id }, body: { settings: { agent_checks: "both" } } });
  const second = await run(call("write_file", { file_path: "broken", content: "x" }), say("Changed."));
  expect(find(second, "evidence_added")?.data.checks).toMatchObject({
    success: false,
    checks: [{ name: "test", before: { status: "passed" }, after: { status: "failed", exit_code: 1 } }],
  });
  expect(second.map(({ type }) => type).slice(-3)).toEqual(["complete", "evidence_added", "done"]);
  // Without changes no checks run.
  const third = await run(say("Nothing to do."));
  expect(find(third, "evidence_added")).toBeUndefined();
});
