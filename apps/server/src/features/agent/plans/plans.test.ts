import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { call, nextMessage, say } from "@tesslate/testkit";
import { all, answer, chatWorld, find, orderOf, collect } from "../../../testing/chat.ts";

const steps = ["Read the page", "Write the menu", "Test it"];
const shown = (list: { step: string; status: string; is_included: boolean }[]) =>
  list.map((one) => `${one.is_included ? "" : "-"}${one.step}:${one.status}`);

test("the agent records a plan, the person edits it, and building it makes the selected steps the to-do list", async () => {
  await using world = await chatWorld({
    script: [
      call("save_plan", { task: "A menu", steps: steps.map((step) => ({ step })), critical_files: ["src/App.tsx"] }),
      say("Planned."),
      nextMessage(),
      call("update_plan", {
        plan: [
          { step: "Test it", status: "completed" },
          { step: "Read the page", status: "in_progress" },
        ],
      }),
      call("todo_write", {
        todos: [
          { content: "Test it", status: "completed" },
          { content: "Read the page", status: "completed" },
        ],
      }),
      say("Built."),
    ],
  });
  const client = world.app.as(world.owner);
  const planned = await world.run("Plan a menu", { edit_mode: "plan" });
  const { chat_id } = find(planned, "task_started")!.data;
  const params = { chat_id };
  expect(find(planned, "approval_required")).toBeUndefined();
  const { plan } = await client.plans.get({ params });
  expect(plan).toMatchObject({
    name: expect.stringMatching(/^[a-z]+_[a-z]+_[a-z]+$/),
    task: "A menu",
    critical_files: ["src/App.tsx"],
    version: 1,
  });
  expect(find(planned, "plan_updated")?.data).toEqual({ chat_id, plan });
  expect(shown(plan!.steps)).toEqual(steps.map((step) => `${step}:pending`));

  // The person moves the last step up and deselects the second.
  const [read, write, check] = plan!.steps;
  const put = (version: number) =>
    client.plans.put(
      { params, body: { steps: [check!, read!, { ...write!, is_included: false }] } },
      { headers: { "if-match": `"${version}"` } },
    );
  const edited = await put(1);
  expect(edited).toMatchObject({ version: 2, name: plan!.name, task: "A menu" });
  await expect(put(1)).rejects.toMatchObject({ status: 412, code: "etag_mismatch" });
  const build = (version: number) =>
    client.plans.build({ params, body: { edit_mode: "allow" } }, { headers: { "if-match": `"${version}"` } });
  await expect(build(1)).rejects.toMatchObject({ code: "etag_mismatch" });
  const { task_id, status_url } = await build(2);
  expect(status_url).toBe(`/api/tasks/${task_id}`);
  const built = await all(client.chat.runEvents({ params: { task_id } }));
  expect(orderOf(built).slice(0, 2)).toEqual(["task_started", "todo_updated"]);
  const lists = built.flatMap((event) =>
    event.type === "todo_updated" ? [event.data.todos.map((todo) => `${todo["content"]}:${todo["status"]}`)] : [],
  );
  expect(lists).toEqual([
    ["Test it:pending", "Read the page:pending"],
    ["Test it:completed", "Read the page:in_progress"],
    ["Test it:completed", "Read the page:completed"],
  ]);
  expect(shown((await client.plans.get({ params })).plan!.steps)).toEqual([
    "Test it:completed",
    "Read the page:completed",
    "-Write the menu:pending",
  ]);
  const requests = world.model.requests.map((one) => one.request!);
  const found = requests.find((one) => one.messages.at(-1)?.role === "user" && /Build the plan/.test(JSON.stringify(one.messages.at(-1))))!;
  const sent = found.messages.at(-1)!.text;
  expect(sent).toMatch(
    new RegExp(`=== PLAN ${plan!.name} ===[\\s\\S]*1\\. □ Test it\\n2\\. □ Read the page[\\s\\S]*=== END OF PLAN ===\\nContinue`),
  );
  expect(sent).not.toContain("Write the menu");
  expect(found.system).not.toContain("=== PLAN");
  expect(JSON.stringify(found.messages)).not.toContain("2. Write the menu");
  const chat = await client.chat.get({ params });
  expect(chat.messages.at(-1)?.message_metadata).toMatchObject({ edit_mode: "allow" });

  await expect(build((await client.plans.get({ params })).plan!.version)).rejects.toMatchObject({ status: 400, code: "nothing_to_build" });
  const fork = await client.chat.fork({ params, body: { message_id: chat.messages.at(-1)!.id } });
  expect(shown((await client.plans.get({ params: { chat_id: fork.id } })).plan!.steps)).toHaveLength(3);
  await client.chat.clear({ params });
  expect(await client.plans.get({ params })).toEqual({ plan: null });
  expect((await client.plans.get({ params: { chat_id: fork.id } })).plan).not.toBeNull();
  await client.plans.remove({ params: { chat_id: fork.id } });
  await expect(client.plans.remove({ params: { chat_id: fork.id } })).rejects.toMatchObject({ status: 404 });
});

test("a plan can be written by a person; bad input gets 422, another user 404, building during an active run 409", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")] });
  const otherUser = await world.app.signUp();
  const client = world.app.as(world.owner);
  const { id: chat_id } = await client.chat.createSession({ body: { project_id: world.project.id } });
  const path = `/api/chat/${chat_id}/plan`;
  const statusOf = async (method: string, url: string, json?: object, user = world.owner) =>
    (await world.app.request(url, { method, user, ...(json && { json }) })).status;
  expect(await statusOf("POST", `${path}/build`, {})).toBe(404);
  expect(await statusOf("PUT", path, { steps: [] })).toBe(422);
  expect(await statusOf("PUT", path, { steps: [{ step: "  " }] })).toBe(422);
  expect(await statusOf("PUT", path, { steps: Array.from({ length: 2 }, () => ({ step: "x", status: "in_progress" })) })).toBe(422);
  expect(await statusOf("PUT", path, { steps: Array.from({ length: 51 }, () => ({ step: "x" })) })).toBe(422);
  expect(await statusOf("PUT", path, { steps: [{ step: "One" }, { step: "Two", is_included: false }] })).toBe(201);
  expect(await statusOf("POST", `${path}/build`, { edit_mode: "plan" })).toBe(422);
  for (const id of [chat_id, randomUUID()]) {
    const url = `/api/chat/${id}/plan`;
    expect(await statusOf("GET", url, undefined, otherUser)).toBe(404);
    expect(await statusOf("PUT", url, { steps: [{ step: "Mine" }] }, otherUser)).toBe(404);
    expect(await statusOf("DELETE", url, undefined, otherUser)).toBe(404);
    expect(await statusOf("POST", `${url}/build`, {}, otherUser)).toBe(404);
  }
  expect((await world.app.request(path)).status).toBe(401);

  const stream = collect(world.send("Go", { chat_id, edit_mode: "ask" }));
  const { data } = await stream.until("approval_required");
  await expect(client.plans.build({ params: { chat_id }, body: {} })).rejects.toMatchObject({ status: 409, code: "chat_busy" });
  await answer(world, world.owner, data.approval_id, "deny");
  await stream.ended;
});

test("TESSLATE_FEATURE_PLAN_MODE=0 removes the plan tools", async () => {
  const script = [say("Hi.")];
  await using world = await chatWorld({ script, env: { TESSLATE_FEATURE_PLAN_MODE: "0" } });
  await world.run("Hello", { edit_mode: "plan" });
  expect(world.model.requests[0]!.request!.tools.filter((name) => name.endsWith("_plan"))).toEqual([]);
});
