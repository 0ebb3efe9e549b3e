import { setTimeout as sleep } from "node:timers/promises";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";
import { createWorkContext, readBaggage, writeBaggage } from "./work-context.ts";

test("log lines have the ids of their work, once each, and none after its end", async () => {
  const work = createWorkContext();
  let text = "";
  const log = createLogger("debug", new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) }), work);
  const own = log.child({ task_id: "of-the-logger" });
  let later: Promise<void> | undefined;
  await work.within({ request_id: "r1", task_id: "t1" }, async () => {
    await sleep(1);
    work.add({ project_id: "p1" });
    log.info("first");
    log.child({ task_id: "of-the-child" }).info({ project_id: "of the line" }, "second");
    own.info("third");
    await work.within({ job: "reap" }, async () => log.info("inner"));
    later = sleep(20).then(() => log.info("later"));
  });
  await later;
  const lines = text.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toMatchObject([
    { request_id: "r1", task_id: "t1", project_id: "p1" },
    { request_id: "r1", task_id: "of-the-child", project_id: "of the line" },
    { request_id: "r1", task_id: "of-the-logger", project_id: "p1" },
    { job: "reap" },
    {},
  ]);
  for (const line of lines) expect(line.match(/"task_id":/g) ?? []).toHaveLength(/inner|later/.test(line) ? 0 : 1);
  expect(lines[3]).not.toContain("r1");
  expect(lines[4]).not.toContain("r1");
});

test("ids go through a header; what is no id is ignored", () => {
  const ids = { request_id: "0b1e", user_id: "u-1", project_id: "p", task_id: "t" };
  expect(readBaggage(writeBaggage(ids))).toEqual(ids);
  expect(writeBaggage({})).toBeUndefined();
  expect(writeBaggage({ request_id: 'a"b,c' })).toBeUndefined();
  expect(readBaggage('request_id=a;p=1, user_id="x", other=1,task_id=%0A,project_id=p1')).toEqual({ request_id: "a", project_id: "p1" });
  expect(readBaggage(undefined)).toEqual({});
});
