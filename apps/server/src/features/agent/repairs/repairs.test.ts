import { expect, test, vi } from "vitest";
import { call, say, script } from "@tesslate/testkit";
import type { PreviewReport } from "@tesslate/contract";
import { chatWorld } from "../../../testing/chat.ts";
import { enterPreview } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { countRounds, currentErrors, isAfterRun, repairRequest, wasStopped } from "./repairs.rules.ts";

const error = (message: string, more: Partial<PreviewReport> = {}): PreviewReport => ({
  container_id: "c",
  kind: "error",
  message,
  ...more,
});

test("current errors are those since the last page load, deduplicated per container; requests and plain output are ignored", () => {
  const reports = [
    error("old"),
    error("other container", { container_id: "d" }),
    { container_id: "c", kind: "navigation", url: "/" } as const,
    error("new", { line: 3 }),
    error("new", { line: 3 }),
    error("printed", { kind: "console", level: "error" }),
    error("logged", { kind: "console", level: "log" }),
    error("GET /x", { kind: "request" }),
  ];
  expect(currentErrors(reports).map(({ message }) => message)).toEqual(["new", "printed", "other container"]);
});

test("rounds are counted back to the person's last message", () => {
  const auto = { message_metadata: { auto_fix: 1 } };
  const person = { message_metadata: null };
  expect(countRounds([])).toBe(0);
  expect(countRounds([person, auto])).toBe(0);
  expect(countRounds([auto, person, auto])).toBe(1);
  expect(countRounds([auto, auto, person])).toBe(2);
});

test("a run that a person stopped does not trigger a fix, however it was stopped", () => {
  const run = (completion_reason: string | null, more: { status?: string; cancel_requested_at?: string } = {}) => ({
    status: "completed",
    cancel_requested_at: null,
    result: completion_reason && { completion_reason },
    ...more,
  });
  expect([run("user_stopped"), run("approval_timeout"), run(null, { status: "cancelled" })].map(wasStopped)).toEqual([true, true, true]);
  expect(wasStopped(run(null, { status: "failed", cancel_requested_at: "2026-01-01T00:00:00Z" }))).toBe(true);
  expect([run("no_more_actions"), run("max_iterations"), run(null, { status: "failed" })].map(wasStopped)).toEqual([false, false, false]);
});

test("the request is one line; message, location, stack and the attempt are in its details, within limits", () => {
  const { message, details } = repairRequest(
    [],
    [
      error("TypeError: x\n  in App", {
        source: "http://h/src/App.tsx?t=1",
        line: 4,
        column: 2,
        url: "/",
        stack: "at App (http://a.preview.localhost:1/src/App.tsx?t=17:4:2)",
      }),
      error("other"),
    ],
    1,
  );
  expect(message).toBe("Fix the error: TypeError: x at src/App.tsx:4:2 (and 1 more)");
  expect(details).toContain("Automatic attempt 1 of 2.");
  expect(details).toContain("(at src/App.tsx:4:2, on /)\n```\nat App (src/App.tsx:4:2)\n```");
  const long = repairRequest([], Array(50).fill(error("e".repeat(9999), { stack: "s".repeat(9999) })), 2);
  expect([long.message.length < 300, long.details.length <= 9_000]).toEqual([true, true]);
});

test("a crash counts during the last run and up to ten minutes after it", () => {
  const day = (time: string) => `2026-03-05T${time}Z`;
  const run = { created_at: day("10:00:00"), completed_at: day("10:05:00") };
  const counts = (at: string) => isAfterRun({ at: day(at) }, run, run);
  expect(["09:59:00", "10:02:00", "10:14:00", "10:16:00"].map(counts)).toEqual([false, true, true, false]);
});

test("a crash is named by the error in the last lines, else by its reason", () => {
  const crash = { name: "web", directory: ".", reason: "Exited with code 1.", seq: 1, at: "" };
  const lines = ["> node server.js", "ReferenceError: port is not defined", "    at file:///app/server.js:3:5", "Node.js v24"];
  const { message, details } = repairRequest([{ ...crash, last_lines: lines }], [], 1);
  expect(message).toBe("Fix the error: ReferenceError: port is not defined at server.js:3:5");
  expect(details).toContain("in the output of web");
  expect(repairRequest([{ ...crash, last_lines: ["bye"] }], [], 1).message).toBe("Fix the error: Exited with code 1.");
});

test("reports of two tabs start one fix; it stops after two with a notice; a person's message resets the count", async () => {
  await using world = await chatWorld();
  const { app, owner } = world;
  app.config.repairs.quietMs = 50;
  const project = await emptyProject(app, owner, {
    command: ["node", "-e", "require('http').createServer((q, r) => r.end('hi')).listen(process.env.PORT)"],
  });
  const client = app.as(owner);
  const write = (n: number) => call("write_file", { file_path: "a.txt", content: String(n) });
  world.model.setScript(
    script([write(0), say("Zero."), write(1), say("One."), write(2), say("Two."), write(3), say("Three."), write(4), say("Four.")]),
  );
  for await (const _ of client.chat.stream({ body: { project_id: project.id, message: "Make it", edit_mode: "allow" } }));
  const visit = await enterPreview(app, owner, project.id);
  const report = (message: string) =>
    visit.fetch("/__studio/report", {
      method: "POST",
      body: JSON.stringify([{ kind: "error", message, source: "/a.js", line: 7, stack: "at a (a.js:7)" }]),
    });
  const questions = async () => {
    const { items } = await client.chat.history({ params: { project_id: project.id }, query: { order: "asc" } });
    return items
      .filter(({ role }) => role === "user")
      .map(({ content, message_metadata }) => [message_metadata?.["auto_fix"] ?? null, content, message_metadata?.["details"]]);
  };
  const idle = () => vi.waitFor(async () => expect((await client.chat.active({ query: { project_id: project.id } })).active).toBeNull());
  const notices = async () =>
    (await app.studio.database.pool.query("select data from events where project_id = $1 and type = 'notice'", [project.id])).rows;

  // On by default.
  await client.projects.update({ params: { id: project.id }, body: { settings: { auto_fix: false } } });
  await report("TypeError: off");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await questions()).map(([, content]) => content)).toEqual(["Make it"]);
  await client.projects.update({ params: { id: project.id }, body: { settings: { auto_fix: null } } });

  for (const round of [1, 2]) {
    await Promise.all([report(`TypeError: ${round}`), report(`TypeError: ${round}`)]);
    await vi.waitFor(async () => expect(await questions()).toHaveLength(1 + round));
    await idle();
  }
  expect((await questions()).map(([round]) => round)).toEqual([null, 1, 2]);
  const [, first] = await questions();
  expect(first?.[1]).toMatch(/^Fix the error: TypeError: \w+ at a\.js:7/);
  expect(first?.[2]).toContain("Automatic attempt 1 of 2.");
  // The model gets the details with the message.
  expect(JSON.stringify(world.model.requests)).toContain("at a (a.js:7)");
  await report("TypeError: 3");
  await vi.waitFor(async () =>
    expect(await notices()).toMatchObject([{ data: { level: "warning", message: expect.stringContaining("2 automatic fixes") } }]),
  );
  await report("TypeError: 4");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([(await questions()).length, (await notices()).length]).toEqual([3, 1]);
  // The notice comes after the end of the run and is part of its transcript.
  await app.studio.database.pool.query("delete from events where project_id = $1 and type = 'notice'", [project.id]);
  const chat_id = (await client.chat.sessions({ query: { project_id: project.id } })).items[0]?.id ?? "";
  const last = (await client.chat.transcript({ params: { chat_id }, query: {} })).entries.at(-1);
  expect(last?.type === "run" && last.events.slice(-2).map(({ type }) => type)).toEqual(["done", "notice"]);

  for await (const _ of client.chat.stream({ body: { project_id: project.id, message: "Again", edit_mode: "allow" } }));
  await report("TypeError: 5");
  await vi.waitFor(async () => expect((await questions()).at(-1)?.[0]).toBe(1));
  await idle();
});
