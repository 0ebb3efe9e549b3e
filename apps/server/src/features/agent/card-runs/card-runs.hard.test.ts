import { expect, test } from "vitest";
import { call, hang, say, when } from "@tesslate/testkit";
import { answer, chatWorld, eventually, studioProcess } from "../../../testing/chat.ts";
import { boardOf } from "../../../testing/card-runs.ts";

test("after a kill -9 the card of a run that was working is back with the reason, and that of a run that waited goes on", async () => {
  const script = [
    when(/Works/, [hang({ afterTokens: 0 })]),
    when(/Waits/, [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")]),
  ];
  const before = await chatWorld({ ownServer: true, script });
  await before.app.close();
  const server = await studioProcess(before);
  const board = boardOf(before);
  const [works, waits] = [await board.add("Works", "To Do"), await board.add("Waits", "To Do")];
  await board.run(waits.id, { edit_mode: "ask", workspace: "project" });
  await board.until(waits.id, "In Progress", "waiting");
  await board.run(works.id, { edit_mode: "allow", workspace: "project" });
  await server.kill();

  await using world = await chatWorld({ script, after: before });
  const after = boardOf(world);
  const back = await after.until(works.id, "To Do", "failed");
  expect(back.run!.message).toBe("The server stopped during the run.");
  const { run } = await after.until(waits.id, "In Progress", "waiting");
  const { pending_approval } = await eventually(async () => {
    const chat = await world.app.as(world.owner).chat.get({ params: { chat_id: run!.chat_id } });
    return chat.pending_approval && chat.active_task ? chat : undefined;
  });
  await answer(world, world.owner, pending_approval!.approval_id, "allow_once");
  await after.until(waits.id, "Review", "completed");
});
