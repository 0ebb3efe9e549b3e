import { expect, test } from "vitest";
import { call, parallel, say, turn } from "@tesslate/testkit";
import { chatWorld } from "../../../testing/chat.ts";

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

  const forth = await api.chat.redo({ params: { chat_id } });
  expect(await ends(forth.task_id)).toMatchObject({ status: "completed", error: null });
  expect([await world.read("a.txt"), await rewound()]).toEqual(["second\n", null]);
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
