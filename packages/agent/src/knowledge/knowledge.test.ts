import { symlink } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { textOf } from "../conversation.ts";
import { listSubagents } from "../subagents/definitions.ts";
import { answer, call, calls, play, resultTexts } from "../testing/harness.ts";
import { tempWorkspace } from "../testing/temp-workspace.ts";
import type { LoadedContext } from "./knowledge.ts";
import { builtinSkills } from "./builtin-skills.ts";
import { parseFrontMatter } from "./front-matter.ts";
import { withNote } from "./memory.ts";
import { listSkills, loadSkill } from "./skills.ts";

describe("front matter", () => {
  test.each<[string, string, Record<string, string>, string]>([
    ["plain", "---\nname: a\ndescription: does it: well\n---\nBody\n", { name: "a", description: "does it: well" }, "Body"],
    ["quotes and comments", "---\nname: \"a b\" # x\nd: 'c # d'\ne: f # g\n---\n", { name: "a b", d: "c # d", e: "f" }, ""],
    ["lists", "---\ntools:\n  - read_file\n  - \"grep\"\nmore: [a, 'b']\n---\nx", { tools: "read_file, grep", more: "a, b" }, "x"],
    ["folded and literal", "---\nd: >-\n  one\n  two\nl: |\n  three\n  four\n---\nx", { d: "one two", l: "three\nfour" }, "x"],
    ["windows lines and a mark", "\uFEFF---\r\nName: a\r\n---\r\nBody\r\nmore", { name: "a" }, "Body\nmore"],
    ["none", "# Title\n---\nname: a\n---", {}, "# Title\n---\nname: a\n---"],
    ["no end", "---\nname: a\n", {}, "---\nname: a"],
    ["empty", "", {}, ""],
    ["what is not a key", "---\n? x\n{ a: b }\nname: a\nname: second\n__proto__: p\n---\nx", { name: "a", __proto__: "p" }, "x"],
  ])("%s", (_, source, fields, body) => {
    const parsed = parseFrontMatter(source);
    expect([...parsed.fields]).toEqual(Object.entries(fields).concat(source.includes("__proto__") ? [["__proto__", "p"]] : []));
    expect(parsed.body).toBe(body);
  });

  test("hostile front matter is parsed quickly", () => {
    for (const line of [
      `name: ${" ".repeat(60_000)}x`,
      `name: ${'"'.repeat(60_000)}`,
      `${"a: b\n".repeat(12_000)}`,
      `${"- x\n".repeat(15_000)}`,
      `name: [${",".repeat(60_000)}`,
    ]) {
      const startedAt = performance.now();
      parseFrontMatter(`---\n${line}\n---\nbody`);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    }
  });
});

describe("skills", () => {
  const skill = (name: string, description: string, body = "Do this.") => `---\nname: ${name}\ndescription: ${description}\n---\n${body}`;

  test("contain the project's and the built-in ones, without broken, nameless and oversized ones", async () => {
    await using ws = await tempWorkspace({
      ".tesslate/skills/a/SKILL.md": skill("styling", "how  we\tstyle"),
      ".tesslate/skills/a/more/colours.md": "red",
      ".agents/skills/b/SKILL.md": skill("styling", "the same name again"),
      ".agents/skills/c/SKILL.md": "---\ndescription: named by its folder\n---\nx",
      ".agents/skills/auth-basics/SKILL.md": skill("auth-basics", "our own way to sign in"),
      ".agents/skills/d/SKILL.md": "no front matter",
      ".agents/skills/e/SKILL.md": skill("e", "too large", "x".repeat(70_000)),
      ".agents/skills/f/SKILL.md": skill("../../etc", "a bad name"),
      ".agents/skills/deep/g/SKILL.md": skill("deep", "not a skill's folder"),
      ".agents/skills/SKILL.md": skill("loose", "not in a folder"),
    });
    await symlink("/etc", `${ws.dir}/.agents/skills/h`);
    const names = (await listSkills(ws)).map((one) => one.name);
    expect(names).toEqual([
      "styling",
      "auth-basics",
      "c",
      ...builtinSkills.map((one) => one.name).filter((name) => name !== "auth-basics"),
    ]);
    expect(await loadSkill(ws, "Styling")).toEqual({
      skill: { name: "styling", description: "how we style", path: ".tesslate/skills/a/SKILL.md" },
      body: "Do this.",
      files: [".tesslate/skills/a/more/colours.md"],
    });
    expect((await loadSkill(ws, "auth-basics"))?.body).toBe("Do this.");
  });

  test("are at most twenty per project", async () => {
    await using ws = await tempWorkspace(
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`.agents/skills/s${index}/SKILL.md`, skill(`s${index}`, "x")])),
    );
    expect((await listSkills(ws)).filter((one) => one.path !== null)).toHaveLength(20);
  });

  test("the prompt lists skills, and a body is only loaded on request; long bodies are truncated", async () => {
    await using ws = await tempWorkspace({
      ".agents/skills/a/SKILL.md": skill("styling", "how we style", `SECRET-BODY ${"x".repeat(60_000)}`),
    });
    const run = await play(
      ws,
      [calls(call("load_skill", { skill_name: "styling" }), call("load_skill", { skill_name: "none" })), answer("ok")],
      { editMode: "plan" },
    );
    const first = textOf(run.client.requests[0]!.messages[0]!);
    expect(first).toContain("- styling: how we style");
    expect(first).not.toContain("SECRET-BODY");
    const [loaded, missing] = resultTexts(run.client.requests[1]!.messages);
    expect(loaded).toContain("SECRET-BODY");
    expect(loaded).toContain("the rest is in .agents/skills/a/SKILL.md");
    expect(loaded).not.toContain("left out");
    expect(missing).toContain('There is no skill "none". There are: styling, accessible-forms');
    const without = await play(ws, [answer("ok")], { agent: { system_prompt: "x", tools: ["read_file"] } });
    expect(textOf(without.client.requests[0]!.messages[0]!)).not.toContain("Skills");
  });

  test("the built-in skills are short, and their list takes few tokens", () => {
    for (const one of builtinSkills) expect(one.body.length).toBeLessThan(4_000);
    expect(builtinSkills.map((one) => `- ${one.name}: ${one.description}`).join("\n").length).toBeLessThan(600);
  });
});

test("sub-agents of a project: files in their folder only, bounded, built-in names stay", async () => {
  const text = (name: string) => `---\nname: ${name}\ndescription: does it\ntools:\n  - read_file\n  - grep\n---\nYou do it.`;
  await using ws = await tempWorkspace({
    ".tesslate/agents/a.md": text("reviewer"),
    ".tesslate/agents/b.md": text("explore"),
    ".tesslate/agents/c.md": text("Reviewer"),
    ".tesslate/agents/d.txt": text("d"),
    ".tesslate/agents/inner/e.md": text("e"),
    ".tesslate/agents/f.md": "---\nname: f\ndescription: has no text\n---\n",
    ".tesslate/agents/g.md": "---\nname: a b\ndescription: bad name\n---\nx",
    ".tesslate/agents/h.md": "---\ndescription: named by its file\nmodel: inherit\n---\nx",
  });
  const own = (await listSubagents(ws)).filter((one) => one.path !== null);
  expect(own.map(({ name, tools, model }) => ({ name, tools, model }))).toEqual([
    { name: "reviewer", tools: ["read_file", "grep"], model: null },
    { name: "h", tools: null, model: null },
  ]);
});

describe("memory", () => {
  test.each<[string, string, string | undefined]>([
    ["", "Likes blue", "# Memory\n\n- Likes blue\n"],
    ["# Memory\n\n- a", "b\n\n c", "# Memory\n\n- a\n- b c\n"],
    ["- a\n\n\n", "b", "- a\n- b\n"],
    ["- a\n", " a ", undefined],
  ])("%j + %j", (before, note, after) => expect(withNote(before, note)).toBe(after));

  test("remember needs an approval like a write, adds a line, and the next run gets it", async () => {
    await using ws = await tempWorkspace({ "AGENTS.md": "Use tabs." });
    const run = await play(
      ws,
      [calls(call("remember", { note: "Ada likes blue" })), calls(call("remember", { note: "Ada likes blue" })), answer("ok")],
      {
        editMode: "ask",
        answers: [{ decision: "allow_all" }],
      },
    );
    expect(run.approvals[0]).toMatchObject({ tool_name: "remember", tool_parameters: { note: "Ada likes blue" } });
    expect(run.all("file_changed").map((event) => event.data)).toMatchObject([
      { path: ".tesslate/memory.md", op: "add", diff: expect.stringContaining("+- Ada likes blue") },
    ]);
    let loaded: LoadedContext | undefined;
    const next = await play(ws, [answer("ok")], { deps: { onContextLoaded: async (facts) => void (loaded = facts) } });
    expect(textOf(next.client.requests[0]!.messages[0]!)).toContain("- Ada likes blue");
    expect(loaded).toMatchObject({
      rules: [{ path: "AGENTS.md", chars: 9, is_cut: false }],
      memory: { path: ".tesslate/memory.md", is_cut: false },
      subagents: [{ name: "general-purpose" }, {}, {}],
    });
    const planned = await play(ws, [calls(call("remember", { note: "x" })), answer("ok")], { editMode: "plan" });
    expect(planned.first("agent_step").data.tool_results[0]).toMatchObject({ success: false, error: expect.stringContaining("plan mode") });
  });

  test("a full memory file is not extended", async () => {
    await using ws = await tempWorkspace({ ".tesslate/memory.md": "x".repeat(16_380) });
    const run = await play(ws, [calls(call("remember", { note: "one more" })), answer("ok")]);
    expect(run.first("agent_step").data.tool_results[0]!.error).toContain("full");
  });
});
