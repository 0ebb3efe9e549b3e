import { afterAll, beforeAll, expect, test } from "vitest";
import type { ActivityEntry } from "@tesslate/contract";
import { call, say, when } from "@tesslate/testkit";
import { answer, chatWorld, eventually, collect, type ChatWorld } from "../../../testing/chat.ts";
import type { TestUser } from "../../../testing/app.ts";

let world: ChatWorld;
let otherUser: TestUser;
beforeAll(async () => {
  world = await chatWorld({
    script: [
      when(/build it/, [
        call("write_file", { file_path: "src/made.txt", content: "made" }),
        call("run_command", { command: "echo built" }),
        say("Built."),
      ]),
      say("A title"),
    ],
  });
  otherUser = await world.app.signUp();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const list = async (query: { actor?: "person" | "agent" | "system"; kind?: ActivityEntry["kind"]; limit?: number; page?: number } = {}) =>
  world.app.as(world.owner).activity.list({ params: { id: world.project.id }, query });
const describeEntry = ({ actor, summary, subject }: ActivityEntry) => `${actor.kind} ${summary}${subject ? `: ${subject}` : ""}`;

test("file writes, commands, approvals and secret changes each add an entry with their actor; filters and pages work", async () => {
  const { app, owner, project } = world;
  const api = app.as(owner);
  const params = { id: project.id };
  await api.files.put({ params: { ...params, path: "by-hand.txt" }, body: { content: "x" } });
  await api.secrets.set({ params: { project_id: project.id }, body: { key: "STRIPE_KEY", value: "sk-live-never-shown" } });
  const run = collect(api.chat.stream({ body: { project_id: project.id, message: "build it", edit_mode: "ask" } }));
  for (const nth of [0, 1]) {
    const approval = await eventually(() => run.seen.filter((event) => event.type === "approval_required")[nth]);
    await answer(world, owner, approval.data.approval_id, "allow_once");
  }
  await run.ended;

  const all = await list();
  const sentences = all.items.map(describeEntry);
  for (const wanted of [
    "person Added a file: by-hand.txt",
    "person Changed secrets: STRIPE_KEY",
    "person Asked the agent: build it",
    "person Allowed once: write_file",
    "agent Added a file: src/made.txt",
    "agent Ran a command: echo built",
    "agent Finished a run",
  ])
    expect(sentences).toContain(wanted);
  expect(JSON.stringify(all)).not.toContain("never-shown");
  expect(all.items.map(({ at }) => at)).toEqual(
    all.items
      .map(({ at }) => at)
      .toSorted()
      .reverse(),
  );
  expect(new Set(all.items.map(({ id }) => id)).size).toBe(all.items.length);
  expect(all.items.find(({ actor }) => actor.kind === "agent")?.actor.name).not.toBe("Agent");

  const byAgent = await list({ actor: "agent" });
  expect(byAgent.items.length).toBeGreaterThan(1);
  expect(byAgent.items.every(({ actor }) => actor.kind === "agent")).toBe(true);
  expect((await list({ kind: "secret" })).items.map(describeEntry)).toEqual(["person Changed secrets: STRIPE_KEY"]);
  expect((await list({ kind: "command", actor: "person" })).items).toEqual([]);
  const pages = [await list({ limit: 2 }), await list({ limit: 2, page: 2 })];
  expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(all.items.slice(0, 4).map(({ id }) => id));
  expect(await list({ limit: 2, page: 500 })).toMatchObject({ items: [], total: all.total });
});

test("a stopped run was stopped, it did not fail", async () => {
  await using own = await chatWorld({ script: [call("run_command", { command: "echo never" }), say("Done.")] });
  const run = collect(own.app.as(own.owner).chat.stream({ body: { project_id: own.project.id, message: "build it", edit_mode: "ask" } }));
  const { data } = await run.until("approval_required");
  await answer(own, own.owner, data.approval_id, "stop");
  await run.ended;
  const { items } = await own.app.as(own.owner).activity.list({ params: { id: own.project.id }, query: {} });
  expect(items.map(describeEntry)).toEqual(
    expect.arrayContaining(["agent Was stopped", "person Stopped the run instead of answering: run_command"]),
  );
});

test("another user gets 404", async () => {
  const { app, project } = world;
  const [theirs, missing] = await Promise.all(
    [project.id, "00000000-0000-4000-8000-000000000000"].map((id) => app.request(`/api/projects/${id}/activity`, { user: otherUser })),
  );
  expect([theirs?.status, missing?.status]).toEqual([404, 404]);
  expect(await theirs?.text()).toBe(await missing?.text());
  expect((await app.request(`/api/projects/${project.id}/activity`)).status).toBe(401);
  expect((await app.request(`/api/projects/${project.id}/activity?actor=ghost`, { user: world.owner })).status).toBe(422);
});
