import { expect, test } from "vitest";
import type { ApplyChanges } from "@tesslate/contract";
import { call, say, turn } from "@tesslate/testkit";
import { chatWorld } from "../../../testing/chat.ts";
import { ended } from "../../../testing/projects.ts";

const numbered = (changed: Record<number, string> = {}) =>
  `${Array.from({ length: 30 }, (_, i) => changed[i + 1] ?? `line ${i + 1}`).join("\n")}\n`;
const work =
  "sed -i -e 's/^line 3$/THREE/' -e 's/^line 20$/TWENTY/' app.txt; echo new > new.txt; rm old.txt; mv from.txt to.txt; printf '\\000\\002' > data.bin; chmod +x run.sh";
const others = ["data.bin", "new.txt", "old.txt", "run.sh", "to.txt"];

test("what brings rejected parts back ends their rejection: a restore, a redo of the run, an editor", { timeout: 90_000 }, async () => {
  await using world = await chatWorld({ script: [turn(call("run_command", { command: work })), turn(say("Done."))] });
  const { app, owner, project, sandbox } = world;
  const client = app.as(owner);
  const before = {
    "app.txt": numbered(),
    "old.txt": "old\n",
    "from.txt": numbered({ 30: "moves" }),
    "data.bin": "\0\u0001",
    "run.sh": "#!/bin/sh\n",
  };
  for (const [path, text] of Object.entries(before)) await sandbox.files.write(path, text);
  const task_id = (await world.run("Change it"))[0]?.task_id ?? "";
  const diff = () => client.changes.diff({ params: { task_id } });
  const apply = (body: ApplyChanges) => client.changes.apply({ params: { task_id }, body });
  const complete = async (id: string) => expect(await ended(app, owner, id)).toMatchObject({ status: "completed", error: null });
  const write = (lines: Record<number, string>) => sandbox.files.write("app.txt", numbered(lines));
  const { chat_id, message_id, files } = await diff();
  const [first = "", second = ""] = files.find(({ path }) => path === "app.txt")?.hunks.map(({ id }) => id) ?? [];
  /** Rejected hunks of `app.txt`, and other files that are rejected. */
  const rejected = async () => {
    const all = (await diff()).files;
    return [
      ...(all.find(({ path }) => path === "app.txt")?.hunks ?? []).filter((hunk) => hunk.is_rejected).map(({ id }) => id),
      ...all.filter((file) => file.is_rejected && file.path !== "app.txt").map(({ path }) => path),
    ];
  };
  const params = { id: project.id };
  const saved = await client.snapshots.create({ params, body: { label: "What the run wrote" } });
  await complete(saved.task_id);
  await apply({ reject: [{ path: "app.txt", hunks: [first] }, ...others.map((path) => ({ path }))] });
  expect(await rejected()).toEqual([first, ...others]);

  // Both leave the original lines.
  await complete((await client.chat.restore({ params: { chat_id }, body: { message_id } })).task_id);
  expect([await world.read("app.txt"), await rejected()]).toEqual([numbered(), [first, ...others]]);
  await complete((await client.chat.redo({ params: { chat_id } })).task_id);
  expect([await world.read("app.txt"), await rejected()]).toEqual([numbered({ 20: "TWENTY" }), [first, ...others]]);

  await complete((await client.snapshots.restore({ params: { ...params, snapshot_id: saved.id }, body: {} })).task_id);
  expect([await world.read("app.txt"), await rejected()]).toEqual([numbered({ 3: "THREE", 20: "TWENTY" }), []]);
  // They can be rejected again.
  expect((await apply({ reject: [{ path: "app.txt", hunks: [first] }, { path: "new.txt" }] })).rejected).toEqual([
    { path: "app.txt", is_whole: false, hunks: [first] },
    { path: "new.txt", is_whole: true, hunks: [expect.any(String)] },
  ]);
  expect([await world.read("app.txt"), await world.read("new.txt")]).toEqual([numbered({ 20: "TWENTY" }), undefined]);

  // A person writes one of two rejected hunks again, beside lines of their own.
  await apply({ reject: [{ path: "app.txt", hunks: [second] }], restore: [{ path: "new.txt" }] });
  expect((await diff()).files.find(({ path }) => path === "app.txt")).toMatchObject({ is_rejected: true });
  await write({ 3: "THREE", 29: "theirs" });
  expect(await rejected()).toEqual([second]);
  expect((await diff()).files.find(({ path }) => path === "app.txt")).toMatchObject({ is_rejected: false });
  // Neither the run's line nor the original one: the rejection stays.
  await write({ 20: "mine" });
  expect(await rejected()).toEqual([first, second]);
  await write({ 3: "THREE", 20: "TWENTY" });
  expect(await rejected()).toEqual([]);
});
