import { TranscriptEvent, type RecordedRun } from "@tesslate/contract";
import { Value } from "typebox/value";
import { describe, expect, test } from "vitest";
import { call, nextMessage, say, turn } from "@tesslate/testkit";
import { testApp } from "../../../testing/app.ts";
import { chatWorld, find } from "../../../testing/chat.ts";
import { officialAgents } from "../../agent/agents/index.ts";
import { exampleRuns, seedExampleRuns } from "./example-runs.ts";
import { keyIn, recordedEvents } from "./recorded-events.ts";
import { createRecordedRunsStore } from "./recorded-runs.store.ts";

const secret = `sk_${"live"}_4eC39HqLyjWDarjtT1zdp7dcQx81ab`;

describe("the recorded run of an agent", () => {
  test("is a copy of a run of its creator, which everyone who sees the agent can watch", async () => {
    await using world = await chatWorld({
      script: [
        turn(say("I add a price."), call("write_file", { file_path: "price.html", content: "<p>5</p>" })),
        say("The price is there."),
        nextMessage(),
        say("Another one."),
      ],
    });
    const { app, owner, project } = world;
    const ada = app.as(owner);
    const agent = await ada.marketplaceAgents.create({
      body: { name: "Pricer", description: "Adds prices", system_prompt: "p", agent_type: "TesslateAgent" },
    });
    const params = { id: agent.slug };
    expect(agent.has_recorded_run).toBe(false);
    await expect(ada.recordedRuns.get({ params })).rejects.toMatchObject({ status: 404 });
    const events = await world.run("Add a price", { agent_id: agent.id });
    const task_id = find(events, "task_started")?.task_id ?? events[0]!.task_id;
    const other = await world.run("Something else");

    const { items, total } = await ada.recordedRuns.candidates({ params });
    expect([total, items[0]]).toEqual([
      1,
      expect.objectContaining({ task_id, message: "Add a price", project_name: expect.any(String), model: "openai/scripted" }),
    ]);
    await expect(ada.recordedRuns.set({ params, body: { task_id: other[0]!.task_id } })).rejects.toMatchObject({ status: 422 });
    expect((await ada.recordedRuns.set({ params, body: { task_id } })).has_recorded_run).toBe(true);

    const visitor = await app.request(`/api/marketplace/agents/${agent.slug}/recorded-run`);
    expect(visitor.status).toBe(200);
    const text = await visitor.text();
    const recorded = JSON.parse(text) as Awaited<ReturnType<typeof ada.recordedRuns.get>>;
    expect(recorded).toMatchObject({ message: "Add a price", model: "openai/scripted" });
    expect(recorded.events.map(({ seq }) => seq)).toEqual(recorded.events.map((_, index) => index + 1));
    expect(recorded.events.find(({ type }) => type === "file_changed")?.data).toMatchObject({ path: "price.html", op: "add" });
    expect(recorded.events.at(-1)?.type).toMatch(/complete|done/);
    for (const id of [project.id, task_id, find(events, "task_started")!.data.chat_id, owner.id]) expect(text).not.toContain(id);
    expect(recorded.events.some(({ type }) => type === "credits_used")).toBe(false);

    // The copy stays when the run is gone.
    await app.studio.database.pool.query("delete from chats where project_id = $1", [project.id]);
    expect((await ada.recordedRuns.get({ params })).events).toHaveLength(recorded.events.length);
    expect((await ada.recordedRuns.candidates({ params })).items).toEqual([]);

    // Only its creator chooses it.
    const bob = await app.signUp();
    const path = `/api/marketplace/agents/${agent.slug}/recorded-run`;
    const statusOf = async (method: string, user?: typeof bob) =>
      (await app.request(path, { method, ...(method === "PUT" && { json: { task_id } }), ...(user && { user }) })).status;
    expect([await statusOf("PUT"), await statusOf("PUT", bob), await statusOf("DELETE"), await statusOf("DELETE", bob)]).toEqual([
      401, 403, 401, 403,
    ]);
    expect((await app.request(path, { method: "PUT", json: { task_id: "x" }, user: owner })).status).toBe(422);
    await expect(app.as(bob).recordedRuns.candidates({ params })).rejects.toMatchObject({ status: 403 });
    await expect(app.as(bob).recordedRuns.get({ params: { id: "no-such-agent" } })).rejects.toMatchObject({ status: 404 });

    await ada.marketplaceAgents.update({ params, body: { is_published: false } });
    expect((await app.request(path, { user: bob })).status).toBe(404);
    expect((await ada.recordedRuns.remove({ params })).has_recorded_run).toBe(false);
    await expect(ada.recordedRuns.get({ params })).rejects.toMatchObject({ status: 404 });
  });

  test("is refused if it contains a key", async () => {
    await using world = await chatWorld({
      script: [turn(call("write_file", { file_path: "pay.ts", content: `export const key = "${secret}";` })), say("Done.")],
    });
    const ada = world.app.as(world.owner);
    const agent = await ada.marketplaceAgents.create({
      body: { name: "Leaky", description: "d", system_prompt: "p", agent_type: "TesslateAgent" },
    });
    const [first] = await world.run("Add payments", { agent_id: agent.id });
    await expect(ada.recordedRuns.set({ params: { id: agent.id }, body: { task_id: first!.task_id } })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("Stripe"),
    });
  });
});

test("events of a recording have no pictures, costs or ids, and long texts are cut", () => {
  const frame = { task_id: "3f2b1c9e-0000-4000-8000-000000000001", ts: "2026-03-01T00:00:00.000Z" };
  const id = "3f2b1c9e-0000-4000-8000-00000000000a";
  const events = recordedEvents([
    { ...frame, seq: 1, type: "task_started", data: { chat_id: id, message_id: id, agent_id: id, model: "m", branch_id: id } },
    {
      ...frame,
      seq: 2,
      type: "agent_step",
      data: {
        iteration: 1,
        thought: null,
        tool_calls: [{ name: "read_file", parameters: {} }],
        tool_results: [
          {
            success: true,
            result: { content: "x".repeat(30_000) },
            images: [{ id, name: "a", mime_type: "image/png", width: 1, height: 1 }],
          },
        ],
        response_text: "",
        timestamp: frame.ts,
        is_complete: false,
      },
    },
    { ...frame, seq: 3, type: "notice", data: { level: "info", message: "n" } },
    { ...frame, seq: 4, type: "done", data: {} },
  ]);
  expect(events.map(({ type, seq }) => [type, seq])).toEqual([
    ["task_started", 1],
    ["agent_step", 2],
    ["done", 3],
  ]);
  const text = JSON.stringify(events);
  expect(text).not.toContain("3f2b1c9e");
  expect(text).not.toContain("images");
  expect(text.length).toBeLessThan(22_000);
  expect(keyIn(events, "hello")).toBeUndefined();
  expect(keyIn(events, `use ${secret}`)).toContain("Stripe");
});

describe("the example of an official agent", () => {
  const params = { id: "tesslate-agent" };

  test("is on its page for everyone, says that it is one, and shows calls that really ran", async () => {
    await using app = await testApp();
    const answer = await app.request(`/api/marketplace/agents/${params.id}/recorded-run`);
    expect(answer.status).toBe(200);
    const run = (await answer.json()) as RecordedRun;
    expect(run).toMatchObject({ is_example: true, model: "", duration_ms: null });
    expect(run.events.some(({ type }) => type === "file_changed")).toBe(true);
    const results = run.events.flatMap((event) => (event.type === "agent_step" ? event.data.tool_results : []));
    expect(results.length).toBeGreaterThan(3);
    expect(run.events.at(-1)?.type).toBe("done");
  });

  test("is replaced by that of a later version, once, and not where someone chose a run or edited the agent", async () => {
    await using app = await testApp();
    const store = createRecordedRunsStore(app.db);
    const find = async (slug: string) =>
      (
        await app.studio.database.pool.query<{ message: string; digest: string | null }>(
          "select r.message, r.example_digest as digest from recorded_runs r join agents a on a.id = r.agent_id where a.slug = $1",
          [slug],
        )
      ).rows;
    const { events } = exampleRuns["tesslate-agent"]!;
    const later = { "tesslate-agent": { message: "Later", events }, "react-agent": { message: "Later", events } };
    await seedExampleRuns(store, later);
    await seedExampleRuns(store, later);
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    expect(await find("tesslate-agent")).toEqual([{ message: "Later", digest }]);
    expect(await find("react-agent")).toEqual([{ message: "Later", digest }]);

    await app.studio.database.pool.query(
      "update recorded_runs set message = 'Chosen', example_digest = null where agent_id = (select id from agents where slug = 'react-agent')",
    );
    await app.studio.database.pool.query("update agents set content_edited_at = now() where slug = 'tesslate-agent'");
    const latest = { "tesslate-agent": { message: "Latest", events }, "react-agent": { message: "Latest", events } };
    await seedExampleRuns(store, latest);
    expect(await find("tesslate-agent")).toEqual([{ message: "Later", digest }]);
    expect(await find("react-agent")).toEqual([{ message: "Chosen", digest: null }]);
  });

  test("is of an official agent, has at most 64 kB, and contains no key", () => {
    const slugs = officialAgents.map(({ slug }) => slug);
    for (const [slug, { message, events }] of Object.entries(exampleRuns)) {
      expect(slugs).toContain(slug);
      expect([slug, JSON.stringify(events).length < 64 * 1024, keyIn(events, message)]).toEqual([slug, true, undefined]);
      expect([slug, events.map(({ seq }) => seq)]).toEqual([slug, events.map((_, index) => index + 1)]);
      expect([slug, events.every((event) => Value.Check(TranscriptEvent, event))]).toEqual([slug, true]);
    }
  });
});
