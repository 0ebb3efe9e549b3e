import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { createQueryClient } from "./query.ts";

test("a query that is invalidated during its first fetch is fetched again", async () => {
  const queries = createQueryClient();
  const answers: ((value: string) => void)[] = [];
  const observer = new QueryObserver(queries, {
    queryKey: ["run"],
    queryFn: () => new Promise<string>((resolve) => answers.push(resolve)),
  });
  const unsubscribe = observer.subscribe(() => undefined);
  void queries.invalidateQueries({ queryKey: ["run"] });
  void queries.invalidateQueries({ queryKey: ["run"] });
  expect(answers).toHaveLength(1);
  answers[0]?.("before the event");
  await vi.waitFor(() => expect(answers.length).toBeGreaterThan(1));
  for (const answer of answers) answer("after the event");
  await vi.waitFor(() => expect(observer.getCurrentResult()).toMatchObject({ data: "after the event", fetchStatus: "idle" }));
  expect(queries.getQueryState(["run"])?.isInvalidated).toBe(false);
  unsubscribe();
  queries.clear();
});
