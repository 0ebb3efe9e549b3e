import { expect, test } from "vitest";
import { call, say, script, turn, usage, when } from "@tesslate/testkit";
import { chatWorld, eventually, find } from "../../../testing/chat.ts";
import { createRedactor, hiddenValues } from "../../projects/secrets/redactor.ts";
import { createRunWorkspace } from "./workspace.ts";

const value = "planted-stripe-key-42";
const env = `STRIPE_KEY=${value}\nOTHER=1\n`;

test("the agent sees names in place of secret values in files, commands, terminals, events, the transcript and every prompt", async () => {
  await using world = await chatWorld({
    script: [
      turn(call("read_file", { file_path: ".env" })),
      turn(call("run_command", { command: "cat .env; printf plan; sleep 0.2; printf ted-stripe-key-42; cat .env >&2" })),
      turn(call("grep", { pattern: "STRIPE" })),
      turn(call("edit_file", { file_path: ".env", search: "OTHER=1", replace: "OTHER=2" })),
      turn(call("write_file", { file_path: "public/leak.txt", content: "[secret:STRIPE_KEY]\n" })),
      turn(say("Done, the key [secret:STRIPE_KEY] is kept.")),
    ],
  });
  await world.app.as(world.owner).secrets.set({ params: { project_id: world.project.id }, body: { key: "STRIPE_KEY", value } });
  await world.sandbox.files.write(".env", env);
  const events = await world.run(`My key is ${value}; look at .env`);
  expect(find(events, "complete")?.data).toMatchObject({ success: true, tool_calls_made: 5 });
  const steps = events.flatMap((e) => (e.type === "agent_step" ? e.data.tool_results : []));
  expect(steps.map((r) => r.success)).toEqual([true, true, true, true, true]);
  // The person's own message is stored as written; nothing else of the run shows the value.
  expect(JSON.stringify(events)).not.toContain(value);
  expect(JSON.stringify(events)).toContain("[secret:STRIPE_KEY]");
  for (const request of world.model.requests) expect(JSON.stringify(request.body)).not.toMatch(/planted-stripe/);
  expect(world.model.requests.length).toBe(6);
  // An edit keeps the value in place; a marker written elsewhere stays a marker.
  expect(await world.read(".env")).toBe(`STRIPE_KEY=${value}\nOTHER=2\n`);
  expect(await world.read("public/leak.txt")).toBe("[secret:STRIPE_KEY]\n");
  expect(world.app.logs()).not.toContain(value);
  const stored = await world.app.request(`/api/chat/history/${world.project.id}`, { user: world.owner });
  const answers = ((await stored.json()) as { items: { role: string }[] }).items.filter((m) => m.role !== "user");
  expect(JSON.stringify(answers)).not.toContain(value);
});

test("dev server output and summaries are redacted; the daily cap also limits summaries", async () => {
  let agent: { maxCostPerDayCents: number } | undefined;
  await using world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    configure: (config) => void (agent = config.agent),
    script: [turn(call("get_preview_state", {}), usage({ input: 20_000, output: 1_000 })), say("Done.")],
  });
  const { app, owner, project, sandbox } = world;
  const client = app.as(owner);
  await client.secrets.set({ params: { project_id: project.id }, body: { key: "STRIPE_KEY", value } });
  await app.studio.database.pool.query(
    "insert into containers (project_id, name, service_key, host_label, container_name) values ($1, 'web', 'web', $2, 'web')",
    [project.id, `${project.slug}-web`],
  );
  // The value is where a long line is cut.
  const line = `${"x".repeat(490)}${value}`;
  await sandbox.start({ name: "web", command: ["sh", "-c", `echo ${line}; sleep 600`], cwd: ".", env: {}, port: 3000 });
  await eventually(async () => {
    for await (const { line: printed } of sandbox.logs("web", { tail: 5 })) if (printed.includes(value)) return true;
    return false;
  });
  const events = await world.run(`Look; my key is ${value}`);
  expect(find(events, "agent_step")?.data.tool_results[0]).toMatchObject({ success: true });
  expect(JSON.stringify(events)).toContain("xxx[secret:");
  expect(JSON.stringify(events)).not.toContain("planted");

  const params = { chat_id: find(events, "task_started")!.data.chat_id };
  world.model.setScript(script([when(/Transcript:/, [say("They looked.")])]));
  const requestsBefore = world.model.requests.length;
  agent!.maxCostPerDayCents = 1;
  await expect(client.chat.compact({ params, body: {} })).rejects.toMatchObject({ status: 402, code: "cost_limit_reached" });
  expect(world.model.requests.length).toBe(requestsBefore);
  agent!.maxCostPerDayCents = 0;
  await client.chat.compact({ params, body: {} });
  expect(world.model.requests.length).toBe(requestsBefore + 1);
  for (const request of world.model.requests) expect(JSON.stringify(request.body)).not.toContain("planted");
  await sandbox.stop();
});

test("a terminal of the agent shows names instead of values", async () => {
  await using world = await chatWorld();
  await world.sandbox.files.write(".env", env);
  const workspace = createRunWorkspace(world.sandbox, { current: createRedactor(hiddenValues({ STRIPE_KEY: value })) }, () => undefined);
  const terminal = await workspace.pty([
    "/bin/sh",
    "-c",
    "cat .env; printf plan; sleep 0.2; printf 'ted-stripe-key-42\\n'; printf planted-str",
  ]);
  let printed = "";
  terminal.onData((data) => (printed += Buffer.from(data).toString()));
  await new Promise<void>((resolve) => void terminal.onExit(() => resolve()));
  expect(printed).toBe("STRIPE_KEY=[secret:STRIPE_KEY]\r\nOTHER=1\r\n[secret:STRIPE_KEY]\r\nplanted-str");
});
