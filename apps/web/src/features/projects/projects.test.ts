import type { Project, ProjectHistory } from "@tesslate/contract";
import { describe, expect, test } from "vitest";
import { projectNameOf } from "./project-name.ts";
import { pageOf, sortProjects } from "./project-list.ts";
import { cardLookOf, footOf, statusLookOf } from "./project-status.ts";

const project = (change: Partial<Project> = {}): Project => ({
  id: "5f0c9a52-0000-4000-8000-000000000000",
  name: "Bakery",
  slug: "bakery-a1b2c3",
  description: "A bakery shop",
  owner_id: "5f0c9a52-0000-4000-8000-000000000001",
  network_name: null,
  created_at: "2026-03-01T10:00:00Z",
  updated_at: "2026-03-02T10:00:00Z",
  environment_status: "active",
  stop_reason: null,
  hibernated_at: null,
  status: "running",
  has_git_repo: false,
  git_remote_url: null,
  deploy_type: "development",
  branch_of: null,
  template_slug: null,
  pinned_at: null,
  thumbnail: null,
  is_deployed: false,
  deployed_at: null,
  last_activity: null,
  settings: null,
  ...change,
});

describe("nameOf", () => {
  test.each([
    ["a counter app", "Counter app"],
    ["Build me a waiting list for the Saturday bread class: 12 places, people join by e-mail", "Waiting list for the Saturday bread class"],
    ["please make the landing page of my café", "Landing page of my café"],
    ["I want to create a todo list that syncs", "Todo list"],
    ["build", "Build"],
    ["  \n\n", "New project"],
    ["…", "…"],
    ["x".repeat(200), "X" + "x".repeat(47)],
    [
      "A very long wish whose first clause simply goes on and on without any comma at all",
      "Very long wish whose first clause simply goes on",
    ],
    ["日本語のアプリを作って", "日本語のアプリを作って"],
    ["🎈🎈 party planner", "🎈🎈 party planner"],
  ])("%j is called %j", (prompt, name) => expect(projectNameOf(prompt)).toBe(name));
  test("never longer than the contract allows", () => {
    for (const prompt of ["🎈".repeat(300), "word ".repeat(300)]) expect(projectNameOf(prompt).length).toBeLessThanOrEqual(100);
  });
});

describe("status", () => {
  test.each([
    [{ status: "running", environment_status: "active" }, "Running"],
    [{ status: "stopped", environment_status: "stopped" }, "Stopped"],
    [{ status: "creating", environment_status: "provisioning" }, "Setting up"],
    [{ status: "stopped", environment_status: "setup_failed" }, "Setup failed"],
    [{ status: "error", environment_status: "active" }, "Crashed"],
    [{ status: "hibernated", environment_status: "hibernated" }, "Hibernated"],
    [{ status: "partial", environment_status: "active" }, "Partially running"],
  ] as const)("%j is %s", (fields, word) => expect(statusLookOf(fields).word).toBe(word));
});

describe("the status of a card", () => {
  const history = (change: Partial<ProjectHistory>): ProjectHistory => ({
    project_id: project().id,
    run: null,
    live_version: null,
    points: [],
    ...change,
  });
  const stopped = project({ status: "stopped", environment_status: "stopped" });
  test.each([
    [stopped, undefined, "Stopped"],
    [stopped, history({ run: "waiting", live_version: 3 }), "Needs your input"],
    [project({ status: "error" }), history({ run: "waiting" }), "Needs your input"],
    [stopped, history({ run: "running" }), "Working"],
    [stopped, history({ live_version: 12 }), "Live v12"],
    [project({ status: "error" }), history({ live_version: 12 }), "Crashed"],
    [project({ status: "starting" }), history({ run: "running" }), "Starting"],
    [project({ environment_status: "setup_failed" }), history({ run: "waiting" }), "Setup failed"],
  ])("%#: %s", (one, known, word) => expect(cardLookOf(one, known).word).toBe(word));
  test("its foot has the points of the history, each with what became of it", () => {
    const at = "2026-03-02T11:00:00Z";
    const foot = footOf(
      stopped,
      history({
        run: "waiting",
        points: [
          { id: "1", kind: "deployment", status: "done", at },
          { id: "2", kind: "run", status: "failed", at },
          { id: "3", kind: "run", status: "waiting", at },
        ],
      }),
    );
    expect(foot.points.map(({ kind }) => kind)).toEqual(["deploy", "failed", "held"]);
    expect(foot.tail).toBeUndefined();
    expect(foot.label).toMatch(/^Deployment of .+: completed, Run of .+: failed, Run of .+: needs your input$/);
  });
});

describe("the foot of a card", () => {
  test("a single run is tied to when the project was created", () => {
    const at = "2026-03-02T09:00:00Z";
    const foot = footOf(project(), {
      project_id: "1",
      run: null,
      live_version: null,
      points: [{ id: "1", kind: "run", status: "done", at }],
    });
    expect(foot.points.map(({ id }) => id)).toEqual(["created", "1"]);
    expect(foot.label).toMatch(/^Created .+, Run of .+: completed$/);
  });
  test("a running project ends in a live bead and no dashes", () => {
    const foot = footOf(project());
    expect(foot.points.map((point) => point.kind)).toEqual(["message", "live"]);
    expect(foot.tail).toBeUndefined();
  });
  test("a hibernated, always-on clone has a point for each, and does not say that it is deployed", () => {
    const foot = footOf(
      project({
        status: "hibernated",
        environment_status: "hibernated",
        has_git_repo: true,
        git_remote_url: "https://git.example/x.git",
        is_deployed: true,
        deployed_at: "2026-03-02T11:00:00Z",
      }),
    );
    expect(foot.label).toMatch(/, Always-on since Mar 2, 2026, .+, Hibernated$/);
    expect(foot.label).not.toContain("Deployed");
    expect(foot.points.map((point) => point.kind)).toEqual(["commit", "deploy", "checkpoint"]);
    expect(foot.tail).toBe("next");
  });
  test("a broken one fails", () =>
    expect(footOf(project({ environment_status: "setup_failed", status: "stopped" })).points.at(-1)?.kind).toBe("failed"));
});

describe("the list", () => {
  const rows = [
    project({ id: "1", name: "beta", updated_at: "2026-03-03T00:00:00Z", created_at: "2026-01-01T00:00:00Z" }),
    project({ id: "2", name: "Alpha", updated_at: "2026-03-01T00:00:00Z", created_at: "2026-02-01T00:00:00Z" }),
  ];
  test.each([
    ["updated", ["1", "2"]],
    ["name", ["2", "1"]],
    ["created", ["2", "1"]],
  ] as const)("by %s", (order, ids) => expect(sortProjects(rows, order).map((row) => row.id)).toEqual(ids));
  test.each([
    [0, 1, { page: 1, pages: 1, from: 0, to: 0 }],
    [50, 1, { page: 1, pages: 3, from: 0, to: 24 }],
    [50, 3, { page: 3, pages: 3, from: 48, to: 50 }],
    [50, 99, { page: 3, pages: 3, from: 48, to: 50 }],
  ])("%i rows, page %i", (total, page, slice) => expect(pageOf(total, page)).toEqual(slice));
});
