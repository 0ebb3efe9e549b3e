import { describe, expect, test } from "vitest";
import type { Container, Task } from "@tesslate/contract";
import { previewPhase, servingContainer } from "./preview-phase.ts";

const task = (type: string, status: Task["status"] = "running") => ({ id: type, type, status }) as Task;
const container = (status: Container["status"]) => ({ status, url: "http://x" });

describe("what the preview shows", () => {
  test.each<[string, Parameters<typeof previewPhase>, string]>([
    ["being made", [{ environment_status: "provisioning" }, undefined, [task("project_create")]], "provisioning"],
    ["could not be made", [{ environment_status: "setup_failed" }, container("stopped"), []], "setup-failed"],
    ["without files", [{ environment_status: "files_missing" }, container("stopped"), []], "files-missing"],
    ["files are restored", [{ environment_status: "files_missing" }, undefined, [task("files_restore")]], "restoring-files"],
    ["databases are restored", [{ environment_status: "active" }, container("running"), [task("files_restore")]], "restoring-files"],
    ["a restore failed", [{ environment_status: "files_missing" }, undefined, [task("files_restore", "failed")]], "files-missing"],
    ["nothing serves", [{ environment_status: "active" }, undefined, []], "nothing-serves"],
    ["running", [{ environment_status: "active" }, container("running"), []], "running"],
    ["running while another start goes on", [{ environment_status: "active" }, container("running"), [task("project_start")]], "running"],
    ["starting", [{ environment_status: "active" }, container("starting"), []], "starting"],
    [
      "start asked for, no status yet",
      [{ environment_status: "stopped" }, container("stopped"), [task("project_start", "queued")]],
      "starting",
    ],
    [
      "an ended start does not count",
      [{ environment_status: "stopped" }, container("stopped"), [task("project_start", "completed")]],
      "stopped",
    ],
    ["crashed", [{ environment_status: "active" }, container("failed"), []], "crashed"],
    ["crashed, starting again", [{ environment_status: "active" }, container("failed"), [task("project_restart")]], "starting"],
    ["frozen: its page wakes it", [{ environment_status: "active" }, container("frozen"), []], "running"],
    ["hibernated", [{ environment_status: "hibernated" }, container("stopped"), []], "asleep"],
    ["stopped", [{ environment_status: "active" }, container("stopped"), []], "stopped"],
  ])("%s", (_, given, kind) => expect(previewPhase(...given).kind).toBe(kind));

  test("nothing is said about the containers before they are known", () => {
    const containers = { isLoaded: false, error: null, refetch: () => Promise.reject(new Error("not called")), isFetching: true };
    expect(previewPhase({ environment_status: "active" }, undefined, [], undefined, containers)).toEqual({ kind: "loading", containers });
    expect(previewPhase({ environment_status: "provisioning" }, undefined, [], undefined, containers).kind).toBe("provisioning");
  });

  test("a stop says why", () => {
    expect(previewPhase({ environment_status: "stopped", stop_reason: "memory" }, container("stopped"), [])).toEqual({
      kind: "stopped",
      reason: "memory",
    });
  });

  test("a crash says what the server knows of it", () => {
    expect(
      previewPhase({ environment_status: "active" }, container("failed"), [], { exitCode: 137, message: "killed", lastLines: ["oom"] }),
    ).toEqual({
      kind: "crashed",
      exitCode: 137,
      message: "killed",
      lastLines: ["oom"],
    });
  });
});

test("the page shown: the one asked for, else one that runs, else the first; services never", () => {
  const list = [
    { id: "db", container_type: "service", status: "running", url: "x" },
    { id: "api", container_type: "base", status: "stopped", url: null },
    { id: "web", container_type: "base", status: "running", url: "x" },
  ] as Container[];
  expect(servingContainer(list)?.id).toBe("web");
  expect(servingContainer(list, "api")?.id).toBe("api");
  expect(servingContainer(list.slice(0, 2))?.id).toBe("api");
  expect(servingContainer(list.slice(0, 1))).toBeUndefined();
});
