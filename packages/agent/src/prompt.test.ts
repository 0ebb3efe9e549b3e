import { describe, expect, test } from "vitest";
import { defaultSystemPrompt, systemPrompt, userTurn, type PromptFacts } from "./prompt.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { definitionOf } from "./tool-definition.ts";
import { allTools } from "./tools/index.ts";
import type { ProjectInfo } from "./project-info.ts";

/** Real tokenizers have 3.8-4.5 characters a token for English prose and about 3 for JSON schemas; these divisors are on the safe side. */
const proseTokens = (text: string): number => Math.ceil(text.length / 3.5);
const jsonTokens = (text: string): number => Math.ceil(text.length / 3);

const project: ProjectInfo = {
  id: "p1",
  name: "Counter",
  description: "Counts",
  owner_id: "u1",
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
  containers: [
    { name: "web", directory: ".", framework: "react-vite", status: "running", port: 5173, url: "http://x", env_names: ["API_URL"] },
    { name: "api", directory: "api", framework: "hono", status: "stopped" },
  ],
  connections: [{ source: "web", target: "api", type: "http_api" }],
  git: {
    branch: "main",
    remote_url: "https://git.example/x",
    changed_files: 2,
    ahead: 1,
    behind: 0,
    last_commit: "first",
    auto_push: true,
  },
};
const facts: PromptFacts = {
  template: defaultSystemPrompt,
  editMode: "plan",
  project,
  toolNames: allTools.map((tool) => tool.name),
  userName: "Ada",
  root: ".",
};

describe("the size of every call", () => {
  test("the fixed prompt stays within 3 000 tokens in its longest mode", () => {
    const tokens = Math.max(...(["allow", "ask", "plan"] as const).map((editMode) => proseTokens(systemPrompt({ ...facts, editMode }))));
    expect(tokens).toBeGreaterThan(200);
    expect(tokens).toBeLessThanOrEqual(1_200);
  });

  test("the tools stay within 2 000 tokens", () => {
    const cost = allTools.map((tool) => {
      const { description, ...schema } = definitionOf(tool);
      return jsonTokens(JSON.stringify({ type: "function", function: schema })) + proseTokens(description);
    });
    expect(cost.length).toBeGreaterThan(16);
    expect(cost.reduce((sum, tokens) => sum + tokens, 0)).toBeLessThanOrEqual(2_000);
  });
});

describe("systemPrompt", () => {
  test("fills every placeholder and leaves unknown ones alone", () => {
    const template =
      "{mode}|{project_name}|{project_description}|{timestamp}|{user_name}|{project_path}|{git_branch}|{tool_list}|{other}|{ x }|{constructor}|{__proto__}";
    const text = systemPrompt({ ...facts, editMode: "ask", template, toolNames: ["a", "b"], root: "api" });
    // What changes by itself is in the context of each message, so that the prompt stays the same.
    expect(text).toBe(
      "ask|Counter|Counts|(see Time in the newest [CONTEXT])|Ada|/app/api|(see Git in the newest [CONTEXT])|a, b|{other}|{ x }|{constructor}|{__proto__}",
    );
  });

  test("explains each mode", () => {
    const template = "{mode_instructions}";
    expect(systemPrompt({ ...facts, editMode: "allow", template })).toMatch(/full access/);
    expect(systemPrompt({ ...facts, editMode: "ask", template })).toMatch(/approval/);
    expect(systemPrompt({ ...facts, editMode: "plan", template })).toMatch(/Read-only[\s\S]*# Planning/);
  });

  test("a project's name cannot inject another placeholder", () => {
    expect(systemPrompt({ ...facts, editMode: "allow", template: "{project_name}", project: { ...project, name: "{tool_list}" } })).toBe(
      "{tool_list}",
    );
  });
});

describe("userTurn", () => {
  test("describes the project and ends with the person's text", async () => {
    await using ws = await tempWorkspace({
      "src/main.tsx": "x",
      "package.json": "{}",
      "node_modules/a/index.js": "x",
      "AGENTS.md": "Use tabs.\n",
    });
    const text = await userTurn("Make it blue", {
      workspace: ws,
      root: ".",
      project,
      environment: ["Deployment: sandbox"],
      now: new Date(0),
    });
    expect(text.startsWith("[CONTEXT]\n")).toBe(true);
    expect(text.endsWith("[/CONTEXT]\n\nMake it blue")).toBe(true);
    for (const part of [
      "Time: 1970",
      "Deployment: sandbox",
      "- web: react-vite, running, port 5173, http://x, variables API_URL",
      "- api: hono, in api, stopped",
      "- web -> api (http_api)",
    ])
      expect(text).toContain(part);
    expect(text).toContain('Git: branch main, remote https://git.example/x, 2 changed files, 1 ahead, 0 behind, last commit "first"');
    expect(text).toContain("src/main.tsx");
    expect(text).toContain("node_modules/\n");
    expect(text).not.toContain("node_modules/a");
    expect(text).toContain("from its AGENTS.md:\nUse tabs.");
  });

  test("creates no file and requires none", async () => {
    await using ws = await tempWorkspace();
    const text = await userTurn("hi", { workspace: ws, root: ".", project, environment: [], now: new Date(0) });
    expect(text).toContain("Files: none yet.");
    expect(await ws.snapshot()).toEqual({});
  });

  test("prefers the scoped container's notes and lists its files", async () => {
    await using ws = await tempWorkspace({
      "TESSLATE.md": "outer",
      "AGENTS.md": "all",
      "api/TESSLATE.md": "inner",
      "api/index.ts": "x",
      "web/index.html": "x",
    });
    const text = await userTurn("hi", { workspace: ws, root: "api", project, environment: [], now: new Date(0) });
    expect(text).toContain("from its TESSLATE.md:\ninner");
    expect(text).toContain("from its AGENTS.md:\nall");
    expect(text).not.toContain("outer");
    expect(text).toContain("Files:\nTESSLATE.md\nindex.ts");
    expect(text).not.toContain("index.html");
  });

  test("limits the listing to fifty lines, and the length of notes", async () => {
    const files = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`f${index}.txt`, "x"]));
    await using ws = await tempWorkspace({ ...files, "AGENTS.md": "n".repeat(50_000) });
    const text = await userTurn("hi", { workspace: ws, root: ".", project, environment: [], now: new Date(0) });
    expect(text).toContain("(71 more; use list_dir and glob)");
    expect(text.length).toBeLessThan(11_000);
  });

  test("a tree that cannot be listed is reported", async () => {
    await using ws = await tempWorkspace();
    ws.files.walk = () => Promise.reject(Object.assign(new Error("The project is asleep."), { code: "unavailable" }));
    const text = await userTurn("hi", { workspace: ws, root: ".", project, environment: [], now: new Date(0) });
    expect(text).toContain("Files: could not be listed (The project is asleep.)");
  });
});
