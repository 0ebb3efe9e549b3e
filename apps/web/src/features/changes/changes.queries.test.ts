import { QueryClient } from "@tanstack/react-query";
import type { ChangeSet } from "@tesslate/contract";
import { expect, test } from "vitest";
import { changeSetKey } from "../../project/cache-keys.ts";
import { changeSetQuery } from "./changes.queries.ts";

test("a final change set of a run that is still ending is loaded again, and cached once the run has ended", async () => {
  const queries = new QueryClient();
  let isRunning = true;
  let asked = 0;
  const diff = async () => {
    asked++;
    return { compared_with: "after", is_running: isRunning } as ChangeSet;
  };
  const query = changeSetQuery({ changes: { diff } } as never, "task");
  const look = () => queries.fetchQuery({ ...query, queryKey: changeSetKey("task") });
  // The card in the chat loads it with the last message of the run.
  expect((await look()).is_running).toBe(true);
  isRunning = false;
  // The review loads it a second later.
  expect((await look()).is_running).toBe(false);
  await look();
  expect(asked).toBe(2);
});
