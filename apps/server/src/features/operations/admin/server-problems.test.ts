import { describe, expect, test } from "vitest";
import type { AdminRunner, AdminServer } from "@tesslate/contract";
import { findServerProblems } from "./server-problems.ts";

const at = "2026-12-01T10:00:00.000Z";
const server = (changes: Partial<AdminServer> = {}): AdminServer => ({
  id: "00000000-0000-4000-8000-000000000001",
  address: "http://10.0.0.1:8000",
  is_this_server: false,
  state: "serving",
  version: "1.0.0",
  revision: "a".repeat(40),
  host: "a",
  pid: 1,
  started_at: at,
  heartbeat_at: at,
  projects: 0,
  runs: 0,
  measured_at: at,
  clock_offset_ms: 3,
  memory_bytes: 1,
  memory_total_bytes: 2,
  cpu_percent: 1,
  event_loop_delay_ms: 1,
  streams: 0,
  sockets: 0,
  ...changes,
});
const runner = (changes: Partial<AdminRunner> = {}): AdminRunner => ({
  address: "https://runner.lan:7070",
  version: "1.0.0",
  revision: null,
  protocol: "1.2",
  driver: "sandbox",
  is_reachable: true,
  reached_by: 1,
  missed_by: 0,
  since: at,
  last_error: null,
  started_at: at,
  clock_offset_ms: -4,
  sandboxes: 2,
  awake: 1,
  memory_used_bytes: 1,
  memory_total_bytes: 2,
  disk_free_bytes: 1,
  disk_total_bytes: 2,
  ...changes,
});
const find = (servers: AdminServer[], runners: AdminRunner[] = [], pods: Parameters<typeof findServerProblems>[0]["pods"] = []) =>
  findServerProblems({ servers, runners, pods }).map(({ kind, message }) => [kind, message]);

test("equal servers and their runner have no problems", () => {
  expect(find([server(), server()], [runner()])).toEqual([]);
});

describe("versions", () => {
  test("of servers, by version, and by commit where the version is the same", () => {
    expect(find([server(), server(), server({ version: "1.1.0", revision: null })])).toEqual([
      ["versions", "The servers run 2 versions: 1.0.0 (2), 1.1.0 (1)."],
    ]);
    expect(find([server(), server({ revision: "b".repeat(40) })])).toEqual([
      ["versions", "The servers run 2 versions: 1.0.0 (aaaaaaaa) (1), 1.0.0 (bbbbbbbb) (1)."],
    ]);
    // One that does not know its commit is not another version.
    expect(find([server(), server({ revision: null })])).toEqual([]);
    expect(find([server(), server({ version: "0.9.0", state: "lost" })]).map(([kind]) => kind)).toEqual(["lost"]);
  });

  test("of a runner and of pods", () => {
    expect(find([server()], [runner({ version: "0.9.0" })])).toEqual([
      ["runner_version", "The runner at https://runner.lan:7070 runs 0.9.0; servers run 1.0.0."],
    ]);
    const pod = (image: string) => ({ state: "running" as const, image, count: 2 });
    expect(find([server()], [], [pod("studio:1"), pod("studio:2")])).toEqual([["pods", "Pods run 2 images."]]);
    expect(find([server()], [], [pod("studio:1"), { state: "suspended", image: null, count: 4 }])).toEqual([]);
  });
});

test("late and lost servers, runners that some or no servers reach, clocks", () => {
  const lastError = { at, message: "The runner at https://runner.lan:7070 cannot be reached (ECONNREFUSED).", is_permanent: false };
  expect(
    find(
      [server({ state: "late" }), server({ state: "lost", address: "http://10.0.0.2:8000" }), server({ clock_offset_ms: -3_400 })],
      [
        runner({ missed_by: 2, clock_offset_ms: 61_000 }),
        runner({ reached_by: 0, missed_by: 3, is_reachable: false, last_error: lastError }),
      ],
    ),
  ).toEqual([
    ["runner_unreachable", "2 servers can't reach the runner at https://runner.lan:7070."],
    ["runner_unreachable", `The runner at https://runner.lan:7070 can't be reached. ${lastError.message}`],
    ["lost", "The server at http://10.0.0.2:8000 ended without closing. Others have taken its projects."],
    ["heartbeat", "The heartbeat of the server at http://10.0.0.1:8000 is late."],
    ["clock", "The clock of the server at http://10.0.0.1:8000 is 3.4 s behind the database's."],
    ["clock", "The clock of the runner at https://runner.lan:7070 is 61.0 s ahead of the database's."],
  ]);
});
