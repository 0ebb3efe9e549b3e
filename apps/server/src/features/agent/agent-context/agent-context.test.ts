import { expect, test } from "vitest";
import { call, parallel, say } from "@tesslate/testkit";
import { chatWorld, find } from "../../../testing/chat.ts";

test("rules, memory, skills and sub-agents are read, edited with etags, used by the next run, and listed in its report", async () => {
  await using world = await chatWorld({
    script: [
      parallel(
        call("load_skill", { skill_name: "styling" }),
        call("read_file", { file_path: "./a.txt" }),
        call("read_file", { file_path: "none.txt" }),
      ),
      say("Done."),
    ],
  });
  const client = world.app.as(world.owner);
  const params = { id: world.project.slug };
  await world.sandbox.files.write("a.txt", "a");
  await world.sandbox.files.write(".agents/skills/styling/SKILL.md", "---\nname: styling\ndescription: how we style\n---\nUse blue.");
  await world.sandbox.files.write(
    ".tesslate/agents/reviewer.md",
    "---\nname: reviewer\ndescription: reads changes\ntools: read_file\n---\nReview.",
  );

  const before = await client.agentContext.get({ params });
  expect(before).toMatchObject({
    rules: { path: "AGENTS.md", content: "", etag: null },
    memory: { path: ".tesslate/memory.md", content: "", etag: null },
  });
  expect(before.skills[0]).toEqual({ name: "styling", description: "how we style", path: ".agents/skills/styling/SKILL.md" });
  expect(before.subagents.at(-1)).toMatchObject({
    name: "reviewer",
    tools: ["read_file"],
    model: null,
    path: ".tesslate/agents/reviewer.md",
  });

  const put = (body: Parameters<typeof client.agentContext.put>[0]["body"]) => client.agentContext.put({ params, body });
  const written = await put({ memory: { content: "- Ada likes blue\n", etag: null }, rules: { content: "Use tabs.\n", etag: null } });
  expect(written).toMatchObject({ memory: { content: "- Ada likes blue\n", etag: expect.any(String) }, rules: { content: "Use tabs.\n" } });
  expect(await world.read(".tesslate/memory.md")).toBe("- Ada likes blue\n");
  // A write with an outdated etag is refused.
  await expect(put({ memory: { content: "x", etag: null } })).rejects.toMatchObject({ status: 412 });
  await expect(put({ memory: { content: "x", etag: "old" } })).rejects.toMatchObject({ status: 412 });
  const again = await put({ memory: { content: "- Ada likes green\n", etag: written.memory.etag } });
  expect(again.memory.content).toBe("- Ada likes green\n");
  await expect(put({ memory: { content: "€".repeat(16_000), etag: again.memory.etag } })).rejects.toMatchObject({ status: 422 });

  const seen = await world.run("Go");
  const prompt = JSON.stringify(world.model.requests[0]!.body);
  for (const part of ["Ada likes green", "Use tabs.", "styling: how we style", "reviewer: reads changes"]) expect(prompt).toContain(part);
  const { task_id } = seen[0]!;
  expect(await client.agentContext.run({ params: { task_id } })).toEqual({
    rules: [{ path: "AGENTS.md", chars: 9, is_cut: false }],
    memory: { path: ".tesslate/memory.md", chars: 17, is_cut: false },
    skills: expect.arrayContaining(["styling", "blank-preview"]),
    skills_loaded: ["styling"],
    subagents: ["general-purpose", "Explore", "Plan", "reviewer"],
    subagents_used: [],
    files_read: ["a.txt"],
  });
  const chat = await client.chat.get({ params: { chat_id: find(seen, "task_started")!.data.chat_id } });
  expect(chat.messages[1]!.message_metadata).toMatchObject({
    completion_reason: "no_more_actions",
    context: { rules: [{ path: "AGENTS.md" }] },
  });

  const otherUser = world.app.as(await world.app.signUp({ name: "Eve" }));
  await expect(otherUser.agentContext.get({ params })).rejects.toMatchObject({ status: 404 });
  await expect(otherUser.agentContext.put({ params, body: {} })).rejects.toMatchObject({ status: 404 });
  await expect(otherUser.agentContext.run({ params: { task_id } })).rejects.toMatchObject({ status: 404 });
});
