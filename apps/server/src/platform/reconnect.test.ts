import { expect, test } from "vitest";
import { isRepeatable } from "./reconnect.ts";

test.each([
  ["select * from tasks", true],
  ['update "tasks" set "status" = $1, "updated_at" = now() - interval \'1 s\' where "id" = $2', true],
  ['delete from "tasks" where "id" = $1', true],
  ['insert into "tasks" ("id") values ($1)', false],
  ['insert into "tasks" ("id") values ($1) on conflict do nothing', true],
  ['update "items" set "downloads" = "items"."downloads" + 1 where "id" = $1', false],
  ["update projects set event_seq = event_seq + c.n from c", false],
  ['insert into "notes" ("id") values ($1) on conflict ("id") do update set "version" = "notes"."version" + 1', false],
])("can be repeated safely: %s: %s", (statement, expected) => expect(isRepeatable(statement)).toBe(expected));
