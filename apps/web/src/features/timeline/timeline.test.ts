import { expect, test } from "vitest";
import type { Checkpoint, Deployment, Snapshot } from "@tesslate/contract";
import { contentsOf, groupByDay, entriesOf, historyOf } from "./timeline.ts";

const snapshot = (id: string, at: string, more: Partial<Snapshot> = {}): Snapshot => ({
  id,
  project_id: "p",
  snapshot_name: `manual-${id}`,
  snapshot_type: "manual",
  status: "ready",
  label: id,
  volume_size_bytes: 41_200_000,
  databases: [],
  error: null,
  created_at: at,
  ready_at: at,
  ...more,
});
const checkpoint = (id: string, at: string, more: Partial<Checkpoint> = {}): Checkpoint => ({
  id,
  project_id: "p",
  kind: "turn",
  label: "Add a page",
  chat_id: "c",
  message_id: "m",
  task_id: "t",
  created_at: at,
  ...more,
});

test("snapshots and checkpoints are one history, the oldest first", () => {
  const entries = entriesOf(
    [snapshot("b", "2026-03-12T09:40:00Z"), snapshot("a", "2026-03-11T08:00:00Z", { status: "error" })],
    [checkpoint("c", "2026-03-12T09:12:00Z"), checkpoint("d", "2026-03-12T10:00:00Z", { kind: "restore", label: "Restored b" })],
  );
  expect(entries.map((e) => [e.id, e.title, e.bead, e.isReady])).toEqual([
    ["a", "a", "failed", false],
    ["c", "Before “Add a page”", "checkpoint", true],
    ["b", "b", "snapshot", true],
    ["d", "Restored b", "checkpoint", true],
  ]);
  expect(
    entriesOf([snapshot("s", "2026-03-12T09:40:00Z")], [checkpoint("c", "2026-03-12T09:12:00Z")], "snapshots").map((e) => e.id),
  ).toEqual(["s"]);
  expect(
    entriesOf([snapshot("s", "2026-03-12T09:40:00Z")], [checkpoint("c", "2026-03-12T09:12:00Z")], "checkpoints").map((e) => e.id),
  ).toEqual(["c"]);
});

test("entries are grouped by day", () => {
  const at = (days: number) => new Date(new Date(2026, 2, 20, 12).getTime() - days * 86_400_000).toISOString();
  const days = groupByDay(
    entriesOf([snapshot("x", at(300)), snapshot("a", at(9)), snapshot("b", at(1)), snapshot("c", at(0)), snapshot("d", at(0))], []),
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
  const points = entriesOf([snapshot("s", "2026-03-12T09:40:00Z")], [checkpoint("c", "2026-03-12T09:12:00Z")]);
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
