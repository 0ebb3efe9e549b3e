import { expect, test } from "vitest";
import { planOf } from "./plan.ts";

test("a plan of PostgreSQL is a tree with the costs of each step alone", () => {
  const plan = planOf({
    format: "postgres",
    plan: [
      {
        Plan: {
          "Node Type": "Hash Join",
          "Join Type": "Left",
          "Total Cost": 100,
          "Plan Rows": 10,
          "Actual Rows": 2,
          "Actual Loops": 3,
          "Actual Total Time": 1.5,
          "Hash Cond": "(a.id = b.id)",
          Plans: [
            { "Node Type": "Seq Scan", "Relation Name": "a", "Total Cost": 60, "Rows Removed by Filter": 0 },
            { "Node Type": "Index Scan", "Relation Name": "b", "Index Name": "b_pkey", "Total Cost": 10 },
          ],
        },
        "Planning Time": 0.2,
        "Execution Time": 4.4,
      },
    ],
  });
  expect(plan).toMatchObject({ planningMs: 0.2, executionMs: 4.4 });
  expect(plan?.steps[0]).toMatchObject({
    name: "Hash Join (Left)",
    facts: ["Hash Cond: (a.id = b.id)"],
    cost: 100,
    ownCost: 30,
    rows: 10,
    actualRows: 6,
    ms: 4.5,
  });
  expect(plan?.steps[0]?.steps.map(({ name, facts }) => [name, facts])).toEqual([
    ["Seq Scan on a", []],
    ["Index Scan on b using b_pkey", []],
  ]);
});

test("a plan of SQLite is a tree by parent", () => {
  const plan = planOf({
    format: "sqlite",
    plan: [
      { id: 2, parent: 0, detail: "SCAN a" },
      { id: 5, parent: 2, detail: "SEARCH b USING INDEX i" },
    ],
  });
  expect(plan?.steps).toMatchObject([{ name: "SCAN a", steps: [{ name: "SEARCH b USING INDEX i", steps: [] }] }]);
});

test("what has another form is no plan", () => {
  expect(planOf({ format: "postgres", plan: [] })).toBeUndefined();
  expect(planOf({ format: "sqlite", plan: "text" })).toBeUndefined();
});
