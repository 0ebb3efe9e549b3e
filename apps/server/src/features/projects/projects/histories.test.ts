import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { call, say } from "@tesslate/testkit";
import { answer, chatWorld, collect } from "../../../testing/chat.ts";

const write = (path: string) => call("write_file", { file_path: path, content: path });

test("a run that waits for a person is no stopped project, and ends as a point of the history", async () => {
  await using world = await chatWorld({ script: [write("a.txt"), say("Done.")] });
  const { project } = world;
  const mine = world.app.as(world.owner).projects;
  const histories = async () => (await mine.histories({ query: { ids: [project.id, randomUUID()].join(",") } })).items;
  expect(await histories()).toEqual([{ project_id: project.id, run: null, live_version: null, points: [] }]);

  const stream = collect(world.send("Go", { edit_mode: "ask" }));
  const { data: approval } = await stream.until("approval_required");
  expect(await histories()).toMatchObject([
    { run: "waiting", points: [{ kind: "run", status: "waiting", at: expect.stringMatching(/Z$/) }] },
  ]);

  await answer(world, world.owner, approval.approval_id, "allow_once");
  await stream.ended;
  expect(await histories()).toMatchObject([{ run: null, points: [{ kind: "run", status: "done" }] }]);
});

test("projects of other users are left out, and ids have a limit", async () => {
  await using world = await chatWorld({ script: [] });
  const { project } = world;
  const eve = await world.app.signUp();
  const theirs = world.app.as(eve).projects;
  expect(await theirs.histories({ query: { ids: project.id } })).toEqual({ items: [] });
  // Of the form of the pattern, and no UUID.
  expect(await theirs.histories({ query: { ids: "-".repeat(36) } })).toEqual({ items: [] });
  const many = Array.from({ length: 51 }, () => randomUUID()).join(",");
  await expect(theirs.histories({ query: { ids: many } })).rejects.toMatchObject({ status: 422 });
  await expect(theirs.histories({ query: { ids: project.slug } })).rejects.toMatchObject({ status: 422 });
});
