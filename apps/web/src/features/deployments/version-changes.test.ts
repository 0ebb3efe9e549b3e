import { Deployment, GitCommit, RunSummary } from "@tesslate/contract";
import { expect, test } from "vitest";
import { sample } from "../../testing/sample.ts";
import { changesBetween, versionBefore } from "./version-changes.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 2, 5, 10, minute)).toISOString();
const version = (number: number, minute: number, more: Partial<Deployment> = {}, rollbackOf: number | null = null) => {
  const one = sample(Deployment, { version: number, status: "success", provider: "local", created_at: at(minute), ...more });
  return { ...one, id: `v${number}`, metadata: { ...one.metadata, rollback_of: rollbackOf } };
};
const run = (task: string, from: number, to: number, more: Partial<RunSummary> = {}) => ({
  ...sample(RunSummary, { files: 2, visibility: "shown", started_at: at(from), ended_at: at(to), ...more }),
  task_id: task,
});
const commit = (sha: string, minute: number) => sample(GitCommit, { sha: sha.padEnd(40, "0"), date: at(minute) });

test("the version before is the latest successful one of the same container at the same provider", () => {
  const all = [
    version(4, 40),
    version(3, 30, { status: "failed" }),
    version(2, 20),
    version(1, 25, { provider: "netlify" }),
    version(1, 10),
  ];
  const [v4, , v2] = all;
  expect(v4 && versionBefore(v4, all)?.version).toBe(2);
  expect(v2 && versionBefore(v2, all)?.id).toBe("v1");
  expect(v2 && versionBefore(v2, all)?.provider).toBe("local");
});

test("the first version and a rollback have none", () => {
  const all = [version(3, 30, {}, 1), version(2, 20), version(1, 10)];
  const [rollback, , first] = all;
  expect(rollback && versionBefore(rollback, all)).toBeUndefined();
  expect(first && versionBefore(first, all)).toBeUndefined();
});

test("a version has the runs and commits since the one before, without those of runs", () => {
  const all = [version(2, 20), version(1, 10)] as const;
  const runs = [
    run("later", 19, 21),
    run("second", 15, 16),
    run("first", 11, 13),
    run("undone", 12, 14, { visibility: "hidden" }),
    run("looked", 18, 19, { files: 0 }),
    run("earlier", 5, 9),
    run("active", 18, 18, { ended_at: null }),
  ];
  const commits = [commit("cc", 21), commit("bb", 17), commit("aa", 13), commit("99", 9)];
  const changes = changesBetween(all[1], all[0], all, { runs, commits });
  expect(changes.runs.map(({ task_id }) => task_id)).toEqual(["first", "second"]);
  expect(changes.commits.map(({ sha }) => sha.slice(0, 2))).toEqual(["bb"]);
});

test("after a rollback the changes count from the version that was rolled back to", () => {
  const all = [version(4, 40), version(3, 30, {}, 1), version(2, 20), version(1, 10)] as const;
  const before = versionBefore(all[0], all);
  expect(before?.version).toBe(3);
  const changes = before && changesBetween(before, all[0], all, { runs: [run("between", 12, 13)], commits: [] });
  expect(changes?.runs).toHaveLength(1);
});
