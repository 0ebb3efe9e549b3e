import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { call, nextMessage, say } from "@tesslate/testkit";
import type { RunEvent } from "@tesslate/contract";
import { chatWorld, collect } from "../../../testing/chat.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const results = (events: readonly RunEvent[]) => events.flatMap((event) => (event.type === "agent_step" ? event.data.tool_results : []));

async function notesFile(): Promise<Uint8Array> {
  const path = join(temporaryFolder("notes"), "notes.db");
  const database = new DatabaseSync(path);
  database.exec(
    "create table notes (id integer primary key, text text not null, about int references notes); insert into notes (id, text) values (1, 'first'), (3, 'a\tb')",
  );
  database.close();
  return readFile(path);
}

test("the agent reads tables and rows, and a write waits for a person and is part of the activity", async () => {
  await using world = await chatWorld({
    script: [
      call("database_schema", {}),
      call("database_query", { sql: "select id, text from notes order by id" }),
      call("database_query", { sql: "delete from notes" }),
      call("database_query", { sql: "select nope from notes", database: "notes.db" }),
      call("database_query", { sql: "select 1", database: "other" }),
      say("Read."),
      nextMessage(),
      call("database_query", { sql: "update notes set text = 'changed' where id = 1", write: true }),
      say("Changed."),
      nextMessage(),
      call("database_query", { sql: "delete from notes", write: true }),
      say("Planned."),
    ],
  });
  await world.sandbox.files.write("notes.db", await notesFile());

  const read = results(await world.run("Look", { edit_mode: "ask" }));
  expect(read[0]?.result?.["schema"]).toBe(
    "table main.notes\n  id INTEGER\n  text TEXT not null\n  about INT\n  primary key (id)\n  (about) → main.notes (id)",
  );
  expect(read[1]?.result?.["results"]).toBe("SELECT: 2 rows\nid\ttext\n1\tfirst\n3\ta\\tb");
  expect(read[2]).toMatchObject({ success: false, error: expect.stringContaining("Queries can't change data here") });
  expect(read[3]).toMatchObject({ success: false, error: "No such column: nope." });
  expect(read[4]).toMatchObject({ success: false, error: "There is no database other in this project." });

  const open = collect(world.send("Change", { edit_mode: "ask" }));
  const { data: approval } = await open.until("approval_required");
  expect(approval).toMatchObject({
    tool_name: "database_query",
    tool_parameters: { sql: expect.stringContaining("update notes"), write: true },
  });
  const client = world.app.as(world.owner);
  await client.chat.approval({ body: { approval_id: approval.approval_id, response: "allow_once" } });
  expect(results(await open.ended)).toMatchObject([{ success: true, result: { results: "UPDATE: 1 rows" } }]);
  const params = { id: world.project.id };
  expect((await client.activity.list({ params, query: { kind: "data" } })).items).toMatchObject([
    { actor: { kind: "agent" }, summary: "Changed data in a database", subject: "notes.db" },
  ]);

  expect(results(await world.run("Plan", { edit_mode: "plan" }))).toMatchObject([
    { success: false, error: expect.stringContaining("plan mode") },
  ]);
});
