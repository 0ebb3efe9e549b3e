import { say, script, turn, usage, when, type ScriptRequest } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { chatWorld, find } from "../../../testing/chat.ts";

const long = "word ".repeat(3_000);

test("a compaction is in the chat with its summary, also after a reload: that of a run, and the one a person asks for", async () => {
  await using world = await chatWorld();
  const api = world.app.as(world.owner).chat;
  const { id: chat_id } = await api.createSession({ body: { project_id: world.project.id } });
  const compacted = async () =>
    (await api.transcript({ params: { chat_id } })).entries.flatMap((entry) =>
      entry.type === "run"
        ? entry.events.flatMap((event) => (event.type === "compacted" ? [{ of: entry.message_id, ...event.data }] : []))
        : [],
    );
  const summarizing = ({ system }: ScriptRequest) => system.startsWith("You summarise");
  world.model.setScript(script([when(summarizing, [say("What was said before.")]), when(() => true, [say(long)])], { repeat: true }));
  for (const word of ["one", "two", "three"]) await world.run(`Read ${word}`, { chat_id });
  await expect(api.compact({ params: { chat_id }, body: {} })).resolves.toMatchObject({ context_window: 128_000 });
  const [byPerson, ...others] = await compacted();
  expect(others).toEqual([]);
  const messages = (await api.get({ params: { chat_id } })).messages;
  expect(byPerson).toMatchObject({ of: messages.at(-1)!.id, summary: "What was said before." });
  expect(byPerson!.replaced + byPerson!.kept).toBe(messages.length);
  expect(byPerson!.tokens_after).toBeLessThan(byPerson!.tokens_before);

  // The provider counts more than fits: the run compacts before its next call.
  const counted = usage({ input: 120_000, output: 10 });
  world.model.setScript(script([when(summarizing, [say("And more.")]), when(() => true, [turn(say("Read."), counted)])], { repeat: true }));
  await world.run("Read four", { chat_id });
  const live = find(await world.run("Read five", { chat_id }), "compacted")!.data;
  expect(live).toMatchObject({ summary: "And more." });
  expect(live.tokens_before).toBeGreaterThan(120_000);
  const all = await compacted();
  expect(all).toHaveLength(2);
  expect(all[1]).toMatchObject(live);

  const fork = await api.fork({ params: { chat_id }, body: { message_id: messages.at(-1)!.id } });
  await api.compact({ params: { chat_id: fork.id }, body: {} });
  // A compaction of a fork is not one of the chat that it was copied from.
  expect(await compacted()).toHaveLength(2);
}, 60_000);

test("a chat that a summary would not make shorter is left as it is, and the person is told", async () => {
  await using world = await chatWorld();
  const api = world.app.as(world.owner).chat;
  world.model.setScript(
    script([when(({ system }: ScriptRequest) => system.startsWith("You summarise"), [say(long)]), when(() => true, [say("ok")])]),
  );
  const { chat_id } = find(await world.run("First"), "task_started")!.data;
  await world.run("Second", { chat_id });
  await expect(api.compact({ params: { chat_id }, body: {} })).rejects.toMatchObject({
    status: 400,
    message: "A summary would not make this chat shorter. Nothing was changed.",
  });
});
