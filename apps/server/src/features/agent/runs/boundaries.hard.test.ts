import { expect, test } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { call, hang, say, turn, when, type ScriptItem } from "@tesslate/testkit";
import { all, answer, chatWorld, eventually, find, orderOf, collect, studioProcess } from "../../../testing/chat.ts";

interface Boundary {
  name: string;
  script: ScriptItem[];
  /** The server has reached this point and waits there to be killed. */
  isReached(seen: RunEvent[]): boolean | Promise<boolean>;
  edit_mode?: "ask";
  /** Lines of the log at the end: each call appends one every time it runs, so repeated work shows. */
  log: string;
  steps: number;
}

test("kill -9 at every boundary of a step loses nothing that was acknowledged and repeats nothing that was done", async () => {
  const append = (log: number, word: string, more = "") => call("run_command", { command: `echo ${word} >> log-${log}.txt${more}` });
  const has =
    (type: RunEvent["type"]) =>
    (seen: RunEvent[]): boolean =>
      find(seen, type) !== undefined;
  const stays = (log: number) => `; echo y > seen-${log}.txt; sleep 60`;
  const boundaries: Boundary[] = [
    {
      name: "before the first call of the model",
      script: [hang({ beforeHeaders: true }), turn(append(0, "one")), say("Done.")],
      isReached: () => awaitsApproval(0, 1),
      log: "one\n",
      steps: 1,
    },
    {
      name: "while the model speaks",
      script: [hang({ afterTokens: 1 }), turn(say("Now I begin with it."), append(1, "one")), say("Done.")],
      isReached: has("text_chunk"),
      log: "one\n",
      steps: 1,
    },
    {
      name: "after a record, before the next call of the model",
      script: [turn(append(2, "one")), hang({ beforeHeaders: true }), turn(append(2, "two")), say("Done.")],
      isReached: async (seen) => has("agent_step")(seen) && awaitsApproval(2, 2),
      log: "one\ntwo\n",
      steps: 2,
    },
    {
      name: "after the effect of a command, before its record",
      script: [turn(append(3, "one", stays(3))), turn(append(3, "two")), say("Done.")],
      isReached: () => isThere("seen-3.txt"),
      log: "one\ntwo\n",
      steps: 2,
    },
    {
      name: "in the middle of a batch, after a file was written",
      script: [
        turn(call("write_file", { file_path: "log-4.txt", content: "one\n" }), call("run_command", { command: "sleep 60" })),
        turn(append(4, "two")),
        say("Done."),
      ],
      isReached: has("file_changed"),
      log: "one\ntwo\n",
      steps: 2,
    },
    {
      name: "while it waits for an approval",
      script: [turn(append(5, "one")), turn(append(5, "two")), say("Done.")],
      isReached: has("approval_required"),
      edit_mode: "ask",
      log: "one\ntwo\n",
      steps: 2,
    },
    {
      name: "after the effect of an allowed command, before its record",
      script: [turn(append(6, "one", stays(6))), turn(append(6, "two")), say("Done.")],
      isReached: () => isThere("seen-6.txt"),
      edit_mode: "ask",
      log: "one\ntwo\n",
      steps: 2,
    },
    {
      name: "at the end",
      script: [turn(append(7, "one")), say("Done.")],
      isReached: has("complete"),
      log: "one\n",
      steps: 1,
    },
  ];
  const script = boundaries.map(({ name, script: items }) => when(new RegExp(`"${name}"`), items));
  const before = await chatWorld({ ownServer: true, script });
  const { project, owner } = before;
  const client = before.app.as(owner);
  const isThere = (path: string) =>
    client.files.get({ params: { id: project.id, path } }).then(
      () => true,
      () => false,
    );
  const awaitsApproval = (index: number, times: number) =>
    before.model.requests.filter((request) => JSON.stringify(request.body).includes(`\\"${boundaries[index]!.name}\\"`)).length >= times;

  // Starts all of them at once in one server, each in its own chat, then kills that server.
  await before.app.close();
  const server = await studioProcess(before);
  const runs = await Promise.all(
    boundaries.map(async (boundary) => {
      const session = await client.chat.createSession({ body: { project_id: project.id } });
      const stream = collect(before.send(`Go to "${boundary.name}"`, { chat_id: session.id, edit_mode: boundary.edit_mode ?? "allow" }));
      stream.ended.catch(() => undefined);
      return { boundary, stream };
    }),
  );
  const allowed = runs[6]!.stream.until("approval_required", 60_000);
  await answer(before, owner, (await allowed).data.approval_id, "allow_all");
  for (const { boundary, stream } of runs) await eventually(() => boundary.isReached(stream.seen), 60_000);
  await server.kill();
  for (const { stream } of runs) await stream.ended.catch(() => undefined);
  await using world = await chatWorld({ script, after: before });
  const { chat } = world.app.as(owner);

  for (const { boundary, stream } of runs) {
    const about = boundary.name;
    const { task_id, data } = find(stream.seen, "task_started")!;
    const allEvents = await all(chat.runEvents({ params: { task_id } }));
    expect(allEvents.slice(0, stream.seen.length), about).toEqual(stream.seen);
    expect(orderOf(allEvents).slice(-2), about).toEqual(["complete", "done"]);
    let last = find(allEvents, "complete")!.data;
    if (last.completion_reason === "interrupted") {
      const isWaiting = find(allEvents, "approval_required") && !find(allEvents, "approval_resolved");
      if (isWaiting) await answer(world, owner, find(allEvents, "approval_required")!.data.approval_id, "allow_all");
      const resumed = isWaiting
        ? (await chat.get({ params: { chat_id: data.chat_id } })).active_task!
        : await chat.resume({ body: { task_id } });
      last = find(await all(chat.runEvents({ params: { task_id: resumed.task_id } })), "complete")!.data;
    }
    expect(last, about).toMatchObject({ success: true, final_response: "Done." });
    expect(await world.read(`log-${runs.findIndex((one) => one.boundary === boundary)}.txt`), about).toBe(boundary.log);
    const answered = (await chat.get({ params: { chat_id: data.chat_id } })).messages[1]!;
    expect(answered.content, about).toBe("Done.");
    const steps = answered.message_metadata?.["steps"] as { iteration: number }[];
    expect(
      steps.map((step) => step.iteration),
      about,
    ).toEqual(Array.from({ length: boundary.steps }, (_step, index) => index + 1));
  }
}, 120_000);

test("a run whose process died between its end and its final event gets that event once after the restart", async () => {
  const before = await chatWorld({ ownServer: true, script: [say("Done.")] });
  const events = await before.run("Go");
  const task_id = find(events, "task_started")!.task_id;
  const { pool } = before.app.studio.database;
  await pool.query("delete from events where task_id = $1 and type = 'done'", [task_id]);
  await pool.query("update tasks set process_id = 2147483000 where id = $1", [task_id]);
  await before.app.close();
  await using world = await chatWorld({ script: [], after: before });
  const allEvents = await all(world.app.as(world.owner).chat.runEvents({ params: { task_id } }));
  expect(orderOf(allEvents)).toEqual(orderOf(events));
  expect(orderOf(allEvents).filter((type) => type === "done")).toEqual(["done"]);
});
