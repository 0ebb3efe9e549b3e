import { expect, test } from "vitest";
import type { Checkpoint, Deployment, GitCommit, RunSummary, Snapshot } from "@tesslate/contract";
import {
  contentsOf,
  databasesBefore,
  entriesOf,
  firstHiddenRuns,
  groupByDay,
  historyOf,
  isPoint,
  restoreTarget,
  runsSince,
  type PointFilter,
} from "./timeline.ts";

const snapshot = (id: string, at: string, more: Partial<Snapshot> = {}): Snapshot => ({
  id,
  project_id: "p",
  snapshot_name: `manual-${id}`,
  snapshot_type: "manual",
  status: "ready",
  label: id,
  checkpoint_id: null,
  volume_size_bytes: 41_200_000,
  databases: [],
  error: null,
  created_at: at,
  ready_at: at,
  copied_at: null,
  ...more,
});
const checkpoint = (id: string, at: string, more: Partial<Checkpoint> = {}): Checkpoint => ({
  id,
  project_id: "p",
  kind: "turn",
  title: more.label ?? "Add a page",
  label: "Add a page",
  chat_id: "c",
  message_id: "m",
  task_id: "t",
  before_id: null,
  commit_sha: null,
  created_at: at,
  ...more,
});

const run = (n: number, more: Partial<RunSummary> = {}): RunSummary => ({
  task_id: `t${n}`,
  chat_id: "c",
  message_id: `m${n}`,
  message: "Add a page",
  status: "completed",
  before_id: `b${n}`,
  after_id: null,
  files: 1,
  additions: 2,
  deletions: 0,
  cost_cents: 3,
  picture_id: null,
  started_at: `2026-03-12T0${n}:00:00Z`,
  ended_at: `2026-03-12T0${n}:01:00Z`,
  duration_ms: 60_000,
  visibility: "shown",
  ...more,
});
const pointsOf = (snapshots: Snapshot[], checkpoints: Checkpoint[], runs: RunSummary[] = []) => entriesOf({ snapshots, checkpoints, runs });

test("a run is called by its short name; its message is beside it", () => {
  const [entry] = pointsOf(
    [],
    [checkpoint("b1", "2026-03-12T01:00:00Z", { title: "Add a page", label: "Add a page with a map, please" })],
    [run(1)],
  );
  expect(entry).toMatchObject({ title: "“Add a page”", pointTitle: "Before “Add a page”", message: "Add a page with a map, please" });
});

test("the databases from before a run belong to its checkpoint, and are preferred to those of an earlier snapshot", () => {
  const at = "2026-03-12T01:00:00Z";
  const earlier = snapshot("s1", "2026-03-12T00:30:00Z", { databases: ["PostgreSQL"] });
  const ofRun = snapshot("s2", "2026-03-12T01:00:02Z", { snapshot_type: "run", checkpoint_id: "b1", databases: ["PostgreSQL"] });
  const entries = pointsOf([earlier, ofRun], [checkpoint("b1", at)], [run(1)]);
  expect(entries.map(({ id, note }) => [id, note])).toEqual([
    ["s1", "snapshot"],
    ["b1", "with databases"],
  ]);
  expect(databasesBefore({ id: "b1", at }, [ofRun, earlier])?.id).toBe("s2");
  expect(databasesBefore({ id: "b2", at }, [ofRun, earlier])?.id).toBe("s1");
  expect(databasesBefore({ id: "b1", at }, [{ ...ofRun, status: "error" }, earlier])?.id).toBe("s1");
});

test("snapshots and checkpoints are one history, the oldest first", () => {
  const entries = pointsOf(
    [snapshot("b", "2026-03-12T09:40:00Z"), snapshot("a", "2026-03-11T08:00:00Z", { status: "error" })],
    [checkpoint("c", "2026-03-12T09:12:00Z"), checkpoint("d", "2026-03-12T10:00:00Z", { kind: "restore", label: "Restored b" })],
  );
  expect(entries.map((e) => [e.id, e.title, e.bead, e.isReady])).toEqual([
    ["a", "a", "failed", false],
    ["c", "Before “Add a page”", "checkpoint", true],
    ["b", "b", "snapshot", true],
    ["d", "Restored b", "checkpoint", true],
  ]);
});

test("entries are grouped by day", () => {
  const at = (days: number) => new Date(new Date(2026, 2, 20, 12).getTime() - days * 86_400_000).toISOString();
  const days = groupByDay(
    pointsOf([snapshot("x", at(300)), snapshot("a", at(9)), snapshot("b", at(1)), snapshot("c", at(0)), snapshot("d", at(0))], []),
    Date.parse(at(0)),
  );
  expect(days.map((d) => [d.label, d.entries.length])).toEqual([
    ["Saturday, May 24, 2025", 1],
    ["Wednesday, March 11", 1],
    ["Yesterday", 1],
    ["Today", 2],
  ]);
});

test("labels of contents", () => {
  expect(contentsOf(snapshot("a", "2026-03-11T08:00:00Z", { databases: ["PostgreSQL"] }))).toBe("files, PostgreSQL, 41 MB");
  expect(contentsOf(snapshot("a", "2026-03-11T08:00:00Z", { volume_size_bytes: null }))).toBe("files");
});

test("commits and deployments are listed with the points, and can be filtered by kind", () => {
  const commit = {
    sha: "4e1a9c2fdeadbeef",
    author: "Nadia",
    email: "n@example.org",
    date: "2026-03-12T09:20:00Z",
    message: "Bread list\n\nmore",
    parents: [],
    refs: [],
  };
  const deployment = {
    id: "d1",
    version: 6,
    provider: "cloudflare",
    status: "success",
    is_live: true,
    created_at: "2026-03-12T11:30:00Z",
    updated_at: "2026-03-12T11:31:22Z",
    completed_at: "2026-03-12T11:31:22Z",
    metadata: { container_name: "web" },
  } as unknown as Deployment;
  const points = pointsOf([snapshot("s", "2026-03-12T09:40:00Z")], [checkpoint("c", "2026-03-12T09:12:00Z")]);
  const all = historyOf(points, [commit], [deployment], "all");
  expect(all.map(({ id, bead }) => [id, bead])).toEqual([
    ["c", "checkpoint"],
    [commit.sha, "commit"],
    ["s", "snapshot"],
    ["d1", "deploy"],
  ]);
  expect(all[1]).toMatchObject({ name: "4e1a9c2", title: "Bread list", aside: "Nadia" });
  expect(all[3]).toMatchObject({ name: "v6", title: "web to Cloudflare", aside: "live, 1m 22s" });
  expect(historyOf(points, [commit], [deployment], "deploys").map(({ id }) => id)).toEqual(["d1"]);
  expect(historyOf(points, [commit], [deployment], "snapshots").map(({ id }) => id)).toEqual(["s"]);
});

test("an undo and its redo are a row each: what they saved and committed is part of them", () => {
  const sha = (digit: string) => digit.repeat(40);
  const commit = (id: string, message: string, date: string) => ({ sha: id, message, author: "Nadia", date }) as GitCommit;
  const restore = (id: string, minute: number, more: Partial<Checkpoint>) =>
    checkpoint(id, `2026-03-12T03:0${minute}:00Z`, { kind: "restore", ...more });
  const points = pointsOf(
    [snapshot("s", "2026-03-12T03:05:00Z", { snapshot_type: "safety", label: "Before restore" })],
    [
      checkpoint("b1", "2026-03-12T01:00:00Z"),
      restore("c1", 1, { label: "Before undoing “Add a page”" }),
      restore("c2", 2, { label: "Undid “Add a page”", before_id: "c1", commit_sha: sha("a") }),
      restore("c3", 4, { label: "Redid “Add a page”", commit_sha: sha("b") }),
      restore("c4", 6, { label: "Restored before “Add a page”", before_id: "s" }),
      // What it saved was deleted.
      restore("c5", 7, { label: "Restored b", before_id: "deleted" }),
    ],
    [run(1)],
  );
  const commits = [
    commit(sha("a"), "Go back", "2026-03-12T03:02:00Z"),
    commit(sha("b"), "Redo", "2026-03-12T03:04:00Z"),
    commit(sha("c"), "By hand", "2026-03-12T03:08:00Z"),
  ];
  const shown = (filter: PointFilter) =>
    historyOf(points, commits, [], filter).map((one) => [one.title, ...(isPoint(one) ? (one.parts ?? []) : []).map(({ title }) => title)]);
  expect(shown("all")).toEqual([
    ["“Add a page”"],
    ["Undid “Add a page”", "Before undoing “Add a page”", "Go back"],
    ["Redid “Add a page”", "Redo"],
    ["Restored before “Add a page”", "Before restore"],
    ["Restored b"],
    ["By hand"],
  ]);
  // Where the restores are not shown, their parts are.
  expect(shown("snapshots")).toEqual([["Before restore"]]);
  expect(shown("commits")).toEqual([["Go back"], ["Redo"], ["By hand"]]);
  expect(points.slice(2, 4).map(restoreTarget)).toEqual(["after undoing “Add a page”", "after redoing “Add a page”"]);
});

test("the checkpoint before a run stands for the run; what is undone is marked", () => {
  const runs = [
    run(1),
    run(2, { visibility: "discarded" }),
    run(3, { visibility: "hidden" }),
    run(4, { visibility: "hidden" }),
    run(5, { status: "running" }),
  ];
  const entries = pointsOf(
    [snapshot("s", "2026-03-12T01:30:00Z")],
    runs.map(({ before_id, started_at }) => checkpoint(before_id, started_at)),
    runs,
  );
  expect(entries.map((e) => [e.title, e.pointTitle, e.group, e.bead, e.line])).toEqual([
    ["“Add a page”", "Before “Add a page”", "runs", "message", "done"],
    ["s", "s", "snapshots", "snapshot", "done"],
    ["“Add a page”", "Before “Add a page”", "runs", "message", "gone"],
    ["“Add a page”", "Before “Add a page”", "runs", "message", "gone"],
    ["“Add a page”", "Before “Add a page”", "runs", "message", "gone"],
    ["“Add a page”", "Before “Add a page”", "runs", "live", "live"],
  ]);
  expect(historyOf(entries, [], [], "runs")).toHaveLength(5);
  expect(historyOf(entries, [], [], "restores")).toEqual([]);
  // One redo brings back all that its restore hid: it is offered once per chat.
  expect([...firstHiddenRuns(runs)]).toEqual(["t3"]);
  // A restore of a run's checkpoint hides the run itself, and not what is hidden already.
  const [first, saved] = entries;
  expect(first && runsSince(first, entries).map(({ task_id }) => task_id)).toEqual(["t1", "t5"]);
  expect(saved && runsSince(saved, entries).map(({ task_id }) => task_id)).toEqual(["t5"]);
});
