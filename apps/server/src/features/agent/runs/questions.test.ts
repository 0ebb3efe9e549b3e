import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { call, say } from "@tesslate/testkit";
import { all, chatSocket, chatWorld, eventually, find, orderOf, collect, type ChatWorld } from "../../../testing/chat.ts";

const which = {
  question: "Which database?",
  choices: [{ label: "Postgres", description: "Grows with you" }, { label: "SQLite" }, { label: "MySQL" }],
};
const post = (world: ChatWorld, json: object, user = world.owner) =>
  world.app.request("/api/chat/agent/answer", { method: "POST", user, json });
const statusOf = async (world: ChatWorld, json: object, user = world.owner) => (await post(world, json, user)).status;

describe("questions of the agent", () => {
  test("a question waits for the owner's answer, survives a reload, and is answered once", async () => {
    await using world = await chatWorld({ script: [call("ask_question", which), say("SQLite it is.")] });
    const otherUser = await world.app.signUp();
    // Questions need no approval and are allowed in plan mode.
    const stream = collect(world.send("Go", { edit_mode: "plan" }));
    const { data: question, task_id } = await stream.until("question_asked");
    expect(question).toMatchObject({ kind: "question", tool_name: "ask_question", question: which.question, allows_text: true });
    const { question_id } = question;
    const client = world.app.as(world.owner).chat;
    const { chat_id } = find(stream.seen, "task_started")!.data;
    const chat = await client.get({ params: { chat_id } });
    expect(chat).toMatchObject({ status: "waiting_approval", pending_approval: null });
    expect(chat.pending_question).toEqual({ ...question, task_id, created_at: expect.any(String), expires_at: expect.any(String) });
    // The server's default is five minutes.
    expect(Date.parse(question.expires_at ?? "") - Date.parse(chat.pending_question?.created_at ?? "")).toBe(300_000);

    for (const body of [
      { question_id },
      { question_id, choices: [] },
      { question_id, choices: ["Oracle"] },
      { question_id, choices: ["Postgres", "SQLite"] },
      { question_id, text: "   " },
      { question_id: "x", choices: ["SQLite"] },
      { choices: ["SQLite"] },
    ])
      expect([body, await statusOf(world, body)]).toEqual([body, 422]);
    expect(await statusOf(world, { question_id: randomUUID(), choices: ["SQLite"] })).toBe(404);
    expect(await statusOf(world, { question_id, choices: ["SQLite"] }, otherUser)).toBe(404);
    const approval = await world.app.request("/api/chat/agent/approval", {
      method: "POST",
      user: world.owner,
      json: { approval_id: question_id, response: "allow_once" },
    });
    expect(approval.status).toBe(404);

    const tries = await Promise.all(["SQLite", "SQLite", "MySQL"].map((label) => statusOf(world, { question_id, choices: [label] })));
    expect(tries.toSorted()).toEqual([200, 409, 409]);
    const events = await stream.ended;
    expect(orderOf(events)).toEqual([
      "task_started", "credits_used", "tool_started", "question_asked", "question_resolved", "agent_step",
      "text_chunk", "credits_used", "complete", "done",
    ]); // prettier-ignore
    expect(find(events, "question_resolved")?.data).toMatchObject({ question_id, outcome: "answered", text: null, by: world.owner.id });
    expect(world.model.requests[1]?.request?.messages.at(-1)?.text).toMatch(/The person answered: (SQLite|MySQL)/);
    expect(await client.get({ params: { chat_id } })).toMatchObject({ status: "completed", pending_question: null });
  });

  test("without an answer the tool reports that and the run continues; a late answer is 404", async () => {
    await using world = await chatWorld({
      env: { AGENT_APPROVAL_TIMEOUT_SECONDS: "1" },
      script: [call("ask_question", which), say("I assume Postgres.")],
    });
    const events = await world.run("Go");
    const { question_id } = find(events, "question_asked")!.data;
    expect(find(events, "question_resolved")?.data).toMatchObject({ outcome: "timeout", by: null });
    expect(find(events, "agent_step")?.data.tool_results[0]).toMatchObject({ success: false });
    expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "I assume Postgres." });
    expect(await statusOf(world, { question_id, choices: ["MySQL"] })).toBe(404);
  });

  test("a question can be answered over the socket with free text", async () => {
    await using world = await chatWorld({ script: [call("ask_question", { question: "What is it called?" }), say("Nice.")] });
    const stream = collect(world.send("Go"));
    const { question_id } = (await stream.until("question_asked")).data;
    const socket = await chatSocket(world.app, world.owner, find(stream.seen, "task_started")!.data.chat_id);
    socket.send({ type: "question_response", question_id, text: "  Crumbs  " });
    const events = await stream.ended;
    expect(find(events, "question_resolved")?.data).toMatchObject({ outcome: "answered", choices: [], text: "Crumbs" });
    socket.send({ type: "question_response", question_id, text: "Again" });
    expect((await socket.until("error")).data?.["code"]).toBe("already_answered");
    socket.close();
  });

  test("a question survives a restart: it stays open, and what ran before it is not repeated", async () => {
    const options = { script: [call("ask_question", which), say("Done.")] };
    const before = await chatWorld({ ...options, ownServer: true });
    const stream = collect(before.send("Go"));
    const { question_id } = (await stream.until("question_asked")).data;
    const { chat_id } = find(stream.seen, "task_started")!.data;
    await before.app.close();
    await stream.ended.catch(() => undefined);
    await using world = await chatWorld({ ...options, after: before });
    const client = world.app.as(world.owner).chat;
    const chat = await client.get({ params: { chat_id } });
    expect(chat.pending_question).toMatchObject({ question_id });
    const requestsBefore = world.model.requests.length;
    expect(await client.answer({ body: { question_id, choices: ["Postgres"] } })).toEqual({ question_id, outcome: "answered" });
    const resumed = await all(client.runEvents({ params: { task_id: chat.active_task!.task_id } }));
    expect(find(resumed, "question_resolved")?.data).toMatchObject({ question_id, outcome: "answered", choices: ["Postgres"] });
    expect(find(resumed, "complete")?.data).toMatchObject({ success: true, final_response: "Done." });
    expect(world.model.requests.length).toBe(requestsBefore + 1);
  });

  test("cancelling the run withdraws the question", async () => {
    await using world = await chatWorld({ script: [call("ask_question", which)] });
    const stream = collect(world.send("Go"));
    const { data, task_id } = await stream.until("question_asked");
    await world.app.as(world.owner).chat.cancel({ body: { task_id } });
    expect(find(await stream.ended, "question_resolved")?.data).toMatchObject({ question_id: data.question_id, outcome: "cancelled" });
    expect(await statusOf(world, { question_id: data.question_id, declined: true })).toBe(404);
  });
});

describe("secrets the agent asks for", () => {
  const canary = "sk-live-canary-8d1f0b77c2";
  const wanted = { name: "STRIPE_KEY", reason: "To take payments. Dashboard, Developers, API keys.", container: "web" };

  test("the value is stored in the vault and nowhere else", async () => {
    await using world = await chatWorld({
      script: [
        call("request_secret", wanted),
        call("run_command", { command: "printf 'no value here'" }),
        call("request_secret", { ...wanted, name: "OTHER_KEY" }),
        say("Payments work after a restart."),
      ],
    });
    const otherUser = await world.app.signUp();
    const stream = collect(world.send("Take payments", { edit_mode: "allow" }));
    const { data: question } = await stream.until("question_asked");
    expect(question).toMatchObject({ kind: "secret", secret_key: "STRIPE_KEY", reason: wanted.reason, container: "web" });
    const { question_id } = question;
    expect(await statusOf(world, { question_id, value: canary }, otherUser)).toBe(404);
    expect(await statusOf(world, { question_id, text: canary })).toBe(422);
    // A refused value leaves the question open.
    const refused = await post(world, { question_id, value: `${canary}\u0000` });
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([400, "invalid_secret"]);
    expect(await statusOf(world, { question_id, value: canary })).toBe(200);
    expect(await statusOf(world, { question_id, value: "other" })).toBe(409);

    const second = await eventually(() => stream.seen.filter((e) => e.type === "question_asked")[1]);
    expect(
      await statusOf(world, { question_id: (second.data as { question_id: string }).question_id, declined: true, text: "Later" }),
    ).toBe(200);
    const events = await stream.ended;
    expect(find(events, "complete")?.data).toMatchObject({ success: true });
    expect(world.model.requests[1]?.request?.messages.at(-1)?.text).toMatch(/STRIPE_KEY is set\..*restart/);
    expect(world.model.requests.at(-1)?.request?.messages.at(-1)?.text).toMatch(/did not enter OTHER_KEY\. Their message: Later/);
    const { items } = await world.app.as(world.owner).secrets.list({ params: { project_id: world.project.id }, query: {} });
    expect(items.map(({ key, masked }) => [key, masked])).toEqual([["STRIPE_KEY", "********"]]);

    expect(JSON.stringify(events)).not.toContain(canary);
    expect(JSON.stringify(world.model.requests)).not.toContain(canary);
    expect(world.app.logs()).not.toContain(canary);
    for (const [table, rows] of await tablesOf(world)) expect([table, rows.includes(canary)]).toEqual([table, false]);
  });

  test("reserved and invalid names are refused; in plan mode the agent cannot ask for secrets", async () => {
    await using world = await chatWorld({
      script: [
        call("request_secret", { ...wanted, name: "PROJECT_ID" }),
        call("request_secret", { ...wanted, name: "NO WAY" }),
        say("Well."),
      ],
    });
    const events = await world.run("Go");
    expect(find(events, "question_asked")).toBeUndefined();
    expect(events.flatMap((e) => (e.type === "agent_step" ? e.data.tool_results.map((r) => r.success) : []))).toEqual([false, false]);
    await world.run("Go", { edit_mode: "plan" });
  });
});

/** Every table as text. */
async function tablesOf({ app }: ChatWorld): Promise<[string, string][]> {
  const rows = async <T>(query: string): Promise<T[]> => (await app.studio.database.pool.query(query)).rows as T[];
  const tables = await rows<{ name: string }>(
    "select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  const texts: [string, string][] = [];
  for (const { name } of tables)
    texts.push([name, (await rows<{ row: string }>(`select t::text as row from ${name} t`)).map(({ row }) => row).join("\n")]);
  return texts;
}
