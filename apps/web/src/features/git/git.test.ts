import { expect, test } from "vitest";
import type { GitChange } from "@tesslate/contract";
import { canBeUndone, chosenChanges, marksOf, changeRowsOf } from "./changes.ts";
import { conflictPlaces, decided } from "./conflict-text.ts";
import { graphOf } from "./graph.ts";

const drawn = (...commits: [string, ...string[]][]) =>
  graphOf(commits.map(([sha, ...parents]) => ({ sha, parents }))).map(({ sha, lane, edges }) =>
    `${sha}@${lane} ${edges.map(({ kind, from, to }) => `${kind} ${from}${to}`).join(", ")}`.trim(),
  );

test("a straight history is one lane", () => {
  expect(drawn(["c", "b"], ["b", "a"], ["a"])).toEqual(["c@0 out 00", "b@0 in 00, out 00", "a@0 in 00"]);
});
test("a merge opens a lane, and the fork closes it", () => {
  expect(drawn(["m", "a2", "b1"], ["a2", "a1"], ["b1", "a1"], ["a1"])).toEqual([
    "m@0 out 00, out 01",
    "a2@0 in 00, past 11, out 00",
    "b1@1 past 00, in 11, out 10",
    "a1@0 in 00",
  ]);
});
test("parallel branches have separate lanes and colors; a lane that ended is reused", () => {
  const rows = graphOf([
    { sha: "x", parents: ["a"] },
    { sha: "y", parents: ["a"] },
    { sha: "a", parents: [] },
    { sha: "z", parents: ["later"] },
  ]);
  expect(rows.map(({ sha, lane, color, width }) => [sha, lane, color, width])).toEqual([
    ["x", 0, 0, 1],
    ["y", 1, 1, 1 + 1],
    ["a", 0, 0, 1],
    ["z", 0, 2, 1],
  ]);
  // Both lines meet at the fork.
  expect(rows[1]?.edges.at(-1)).toEqual({ from: 1, to: 0, kind: "out", color: 0 });
});
test("a criss-cross, an octopus and a hundred thousand commits", () => {
  expect(drawn(["m", "a", "b", "c"], ["a", "r"], ["b", "r"], ["c", "r"], ["r"])[0]).toBe("m@0 out 00, out 01, out 02");
  expect(drawn(["p", "a", "b"], ["q", "b", "a"], ["a", "r"], ["b", "r"], ["r"]).at(-1)).toBe("r@0 in 00");
  const many = Array.from({ length: 100_000 }, (_, i) => ({ sha: `${i}`, parents: i % 7 === 0 ? [`${i + 1}`, `${i + 5}`] : [`${i + 1}`] }));
  const started = performance.now();
  expect(Math.max(...graphOf(many).map(({ width }) => width))).toBeLessThan(8);
  expect(performance.now() - started).toBeLessThan(3000);
});

const change = (path: string, status: GitChange["status"], staged = false): GitChange => ({ path, status, staged });
const changes = [change("a.ts", "M", true), change("a.ts", "M"), change("new.ts", "??"), change("b.ts", "U"), change("c.ts", "A", true)];

test("rows are listed by section; a header stands for its whole section", () => {
  expect(changeRowsOf(changes, new Set(["staged"])).map((row) => [row.node.path, row.count])).toEqual([
    ["conflicts", 1],
    ["conflicts:b.ts", 1],
    ["staged", 2],
    ["changes", 2],
    ["changes:a.ts", 1],
    ["changes:new.ts", 1],
  ]);
  expect(chosenChanges(changes, new Set(["staged"]), "staged").map(({ path }) => path)).toEqual(["a.ts", "c.ts"]);
  expect(chosenChanges(changes, new Set(["changes:a.ts", "staged:c.ts"]), "changes").map(({ path }) => path)).toEqual(["a.ts"]);
  expect([...marksOf({ changes: [...changes, change("c.ts", "M")] })]).toEqual([
    ["a.ts", "M"],
    ["new.ts", "U"],
    ["b.ts", "!"],
    ["c.ts", "A"],
  ]);
});

test("conflicts are found and resolved one by one", () => {
  const text =
    "top\n<<<<<<< HEAD\nours 1\nours 2\n||||||| base\nold\n=======\ntheirs\n>>>>>>> main\nmiddle\n<<<<<<< HEAD\n=======\nx\n>>>>>>> main\n";
  const places = conflictPlaces(text);
  expect(places).toEqual([
    { from: 1, to: 9, ours: ["ours 1", "ours 2"], theirs: ["theirs"] },
    { from: 10, to: 14, ours: [], theirs: ["x"] },
  ]);
  const [first] = places;
  if (!first) throw new Error("no place");
  const next = decided(text, first, "both");
  expect(next).toBe("top\nours 1\nours 2\ntheirs\nmiddle\n<<<<<<< HEAD\n=======\nx\n>>>>>>> main\n");
  const [second] = conflictPlaces(next);
  expect(second && decided(next, second, "ours")).toBe("top\nours 1\nours 2\ntheirs\nmiddle\n");
  expect(conflictPlaces("<<<<<<< HEAD\nnever closed\n=======\n")).toEqual([]);
  expect(conflictPlaces("Heading\n=======\ntext\n")).toEqual([]);
});

test("a discard can be undone for a limited number of files whose paths can be written again", () => {
  const named = (...paths: string[]) => canBeUndone(paths.map((path) => ({ path })));
  expect(named("a.txt", "ünï/b c.txt")).toBe(true);
  for (const path of ["folder/", " a.txt", "a.txt\n", "a\\b.txt", "caf\ufffde9.txt"]) expect(named("a.txt", path), path).toBe(false);
  expect(named(...Array.from({ length: 200 }, (_, i) => `${i}`))).toBe(true);
  expect(named(...Array.from({ length: 201 }, (_, i) => `${i}`))).toBe(false);
});
