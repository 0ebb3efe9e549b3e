import { QueryClient } from "@tanstack/react-query";
import type { ChangeSet } from "@tesslate/contract";
import { expect, test } from "vitest";
import { changeSetKey, changeSetQuery } from "./changes.queries.ts";

test("a change set that is final while its run still ends is asked for anew, and kept once the run is over", async () => {
  const queries = new QueryClient();
  let isRunning = true;
  let asked = 0;
  const diff = async () => {
    asked++;
    return { compared_with: "after", is_running: isRunning } as ChangeSet;
  };
  const query = changeSetQuery({ changes: { diff } } as never, "task");
  const look = () => queries.fetchQuery({ ...query, queryKey: changeSetKey("task") });
  // As the card in the chat does at the run's last words.
  expect((await look()).is_running).toBe(true);
  isRunning = false;
  // As the review does, opened a second later.
  expect((await look()).is_running).toBe(false);
  await look();
  expect(asked).toBe(2);
});
