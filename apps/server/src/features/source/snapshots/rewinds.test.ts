import { expect, test } from "vitest";
import { call, parallel, say, turn, when } from "@tesslate/testkit";
import { chatWorld, find } from "../../../testing/chat.ts";

test("rewinds conversation and files to before a message, and back until a new message is sent", { timeout: 90_000 }, async () => {
  // Read again: a restored file differs from the one written.
  const write = (content: string) => [
    turn(parallel(call("read_file", { file_path: "a.txt" }), call("write_file", { file_path: "a.txt", content }))),
    turn(say(`wrote ${content.trim()}`)),
  ];
  await using world = await chatWorld({ script: [...write("first\n"), ...write("second\n")] });
  const { owner, project, app } = world;
  const api = app.as(owner);
  await world.run("Write the first");
  await world.run("Write the second");
  const history = () => api.chat.history({ params: { project_id: project.id }, query: {} });
  const texts = async () => (await history()).items.map((m) => m.content);
  const all = (await history()).items;
  expect(all.map((m) => m.role)).toEqual(["user", "assistant", "user", "assistant"]);
  const chat_id = (await api.chat.sessions({ query: { project_id: project.id } })).items[0]?.id ?? "";
  const ends = async (task_id: string) => {
    for await (const { data } of api.tasks.events({ params: { task_id } })) if (data.completed_at) return data;
    throw new Error("no end");
  };
  await expect(api.chat.redo({ params: { chat_id } })).rejects.toMatchObject({ code: "nothing_to_redo" });

  // By response as well as by message.
  const back = await api.chat.restore({ params: { chat_id }, body: { message_id: all[3]?.id ?? "" } });
  expect(await ends(back.task_id)).toMatchObject({ status: "completed", error: null });
  expect([await world.read("a.txt"), await texts()]).toEqual(["first\n", ["Write the first", "wrote first"]]);
  // The conversation reports what can be restored, until a new message is sent.
  const rewound = async () => (await api.chat.get({ params: { chat_id } })).rewound?.map((m) => m.content) ?? null;
  expect(await rewound()).toEqual(["Write the second", "wrote second"]);
  expect((await api.snapshots.list({ params: { id: project.id }, query: {} })).total).toBe(0);
  const checkpoints = async () => (await api.snapshots.checkpoints({ params: { id: project.id }, query: {} })).items;
  // The checkpoint after an undo names the one that has the state before it.
  const [undid, saved] = await checkpoints();
  expect([undid?.label, undid?.before_id, saved?.label]).toEqual([
    "Undid “Write the second”",
    saved?.id,
    "Before undoing “Write the second”",
  ]);

  const forth = await api.chat.redo({ params: { chat_id } });
  expect(await ends(forth.task_id)).toMatchObject({ status: "completed", error: null });
  expect([await world.read("a.txt"), await rewound()]).toEqual(["second\n", null]);
  // What was changed after the undo is saved before the redo.
  const [redid, savedAgain] = await checkpoints();
  expect([redid?.label, redid?.before_id, savedAgain?.label]).toEqual([
    "Redid “Write the second”",
    savedAgain?.id,
    "Before redoing “Write the second”",
  ]);
  // The messages themselves, with their steps.
  expect((await history()).items).toEqual(all);

  const again = await api.chat.restore({ params: { chat_id }, body: { message_id: all[2]?.id ?? "" } });
  await ends(again.task_id);
  expect(await world.read("a.txt")).toBe("first\n");
  // The scripted model depends on the length of its input: it gets the conversation without the hidden messages.
  await world.run("Write the third");
  expect([await world.read("a.txt"), (await texts()).at(-2), await rewound()]).toEqual(["second\n", "Write the third", null]);
  await expect(api.chat.redo({ params: { chat_id } })).rejects.toMatchObject({ code: "nothing_to_redo" });

  await expect(
    api.chat.restore({ params: { chat_id }, body: { message_id: "00000000-0000-4000-8000-000000000000" } }),
  ).rejects.toMatchObject({ code: "not_found" });
  expect((await app.request(`/api/chat/${chat_id}/restore`, { method: "POST", user: owner, json: {} })).status).toBe(422);
});

test("a project is restored with the messages of all its chats in one action, and one redo reverts that", { timeout: 90_000 }, async () => {
  const write = (file_path: string) => [
    turn(call("write_file", { file_path, content: `${file_path}\n` })),
    turn(say(`wrote ${file_path}`)),
  ];
  await using world = await chatWorld({ script: [when(/Write c/, write("c.txt")), ...write("a.txt"), ...write("b.txt")] });
  const { owner, project, app } = world;
  const api = app.as(owner);
  const params = { id: project.id };
  const runs = async () => (await api.changes.list({ params, query: {} })).items;
  const ends = async (task_id: string) => {
    for await (const { data } of api.tasks.events({ params: { task_id } })) if (data.completed_at) return data;
    throw new Error("no end");
  };
  const first = await world.run("Write a");
  const { id: snapshot_id, task_id } = await api.snapshots.create({ params, body: { label: "A" } });
  await ends(task_id);
  await world.run("Write b");
  const other = await api.chat.createSession({ body: { project_id: project.id } });
  const third = await world.run("Write c", { chat_id: other.id });
  // It changes a branch, which the restore of the project leaves alone.
  const branched = await api.chat.createSession({ body: { project_id: project.id } });
  await world.run("Write c", { chat_id: branched.id, workspace: "branch" });
  const facts = ({ message, files, additions, deletions, status, visibility }: Awaited<ReturnType<typeof runs>>[number]) => ({
    message,
    figures: `${files} ${additions} ${deletions}`,
    status,
    visibility,
  });
  const shown = (message: string, visibility = "shown") => ({ message, figures: "1 1 0", status: "completed", visibility });
  expect((await runs()).map(facts)).toEqual([shown("Write c"), shown("Write b"), shown("Write a")]);
  expect((await runs()).every(({ cost_cents, ended_at }) => cost_cents >= 0 && ended_at !== null)).toBe(true);
  // How long it took is what the chat says, also of a run that a restore hides.
  const worked = (events: typeof first) => find(events, "complete")?.data.resource_stats?.duration_ms;
  const durations = async () => [(await runs()).at(-1)?.duration_ms, (await runs())[0]?.duration_ms];
  expect(worked(first)).toBeGreaterThan(0);
  expect(await durations()).toEqual([worked(first), worked(third)]);
  expect((await api.changes.list({ params, query: { limit: 1, page: 2 } })).items.map(({ message }) => message)).toEqual(["Write b"]);

  await expect(
    api.snapshots.restore({ params: { ...params, snapshot_id }, body: { with_messages: true, safety_snapshot: false } }),
  ).rejects.toMatchObject({ code: "bad_request" });
  const back = await api.snapshots.restore({ params: { ...params, snapshot_id }, body: { with_messages: true } });
  expect(await ends(back.task_id)).toMatchObject({ status: "completed", error: null });
  expect((await api.snapshots.checkpoints({ params, query: {} })).items[0]).toMatchObject({
    label: "Restored A",
    before_id: back.safety_snapshot_id,
  });
  const files = async () => [await world.read("a.txt"), await world.read("b.txt"), await world.read("c.txt")];
  expect(await files()).toEqual(["a.txt\n", undefined, undefined]);
  expect((await runs()).map(facts)).toEqual([shown("Write c", "hidden"), shown("Write b", "hidden"), shown("Write a")]);
  expect(await durations()).toEqual([worked(first), worked(third)]);
  const firstChat = (await runs()).at(-1)?.chat_id ?? "";
  expect((await api.chat.get({ params: { chat_id: firstChat } })).messages.map(({ content }) => content)).toEqual([
    "Write a",
    "wrote a.txt",
  ]);
  expect((await api.chat.get({ params: { chat_id: other.id } })).messages).toEqual([]);
  expect((await api.chat.get({ params: { chat_id: branched.id } })).messages).toHaveLength(2);

  // The redo of one chat reverts the whole restore.
  const forth = await api.chat.redo({ params: { chat_id: other.id } });
  expect(await ends(forth.task_id)).toMatchObject({ status: "completed", error: null });
  expect(await files()).toEqual(["a.txt\n", "b.txt\n", "c.txt\n"]);
  expect((await runs()).map(facts)).toEqual([shown("Write c"), shown("Write b"), shown("Write a")]);
  await expect(api.chat.redo({ params: { chat_id: firstChat } })).rejects.toMatchObject({ code: "nothing_to_redo" });

  // The checkpoint before a run hides the message of the run as well. A new message discards what was hidden.
  const before_id = (await runs()).at(-1)?.before_id ?? "";
  const start = await api.snapshots.checkpointRestore({ params: { ...params, checkpoint_id: before_id }, body: { with_messages: true } });
  expect(await ends(start.task_id)).toMatchObject({ status: "completed", error: null });
  expect(await files()).toEqual([undefined, undefined, undefined]);
  expect((await runs()).map(({ visibility }) => visibility)).toEqual(["hidden", "hidden", "hidden"]);
  await world.run("Write a", { chat_id: firstChat });
  expect((await runs()).map(({ visibility }) => visibility)).toEqual(["shown", "hidden", "discarded", "discarded"]);
  const stranger = await app.signUp();
  await expect(app.as(stranger).changes.list({ params, query: {} })).rejects.toMatchObject({ code: "not_found" });
});
