import { describe, expect, test, vi } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import { type TestApp, type TestUser } from "../../../testing/app.ts";
import { canFreeze, emptyRuntime, openProcesses, projectsApp, startedProject } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

/** All events of the project so far. */
async function eventsOf(app: TestApp, user: TestUser, id: string): Promise<ProjectEvent[]> {
  const events: ProjectEvent[] = [];
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 300);
  try {
    for await (const e of app.as(user).projects.events({ params: { id }, query: { last_event_id: 0 } }, { signal: abort.signal }))
      events.push(e);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  return events;
}
const statuses = (events: ProjectEvent[]) => events.flatMap((e) => (e.type === "container_status" ? [e.data.status] : []));

describe("idle", () => {
  test("stops a start in progress", async () => {
    await using app = await projectsApp({ idle: { freezeMs: 300, stopMs: 1500 } });
    const ada = await app.signUp();
    const { project } = await startedProject(app, ada);
    const params = { id: project.id };
    await vi.waitFor(async () =>
      expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "stopped", environment_status: "stopped" }),
    );
    const seen = statuses(await eventsOf(app, ada, project.id));
    expect(seen.at(-1)).toBe("stopped");
    if (canFreeze) expect(seen).toContain("frozen");
  });
});

describe("reconcile", () => {
  test("corrects rows that claim to run and removes unknown sandboxes, but never without a database", async () => {
    const runtimeDir = temporaryFolder("runtime");
    const first = await projectsApp({ runtimeDir });
    const ada = await first.signUp();
    const { project, container } = await startedProject(first, ada);
    await first.studio.close();
    // While no server runs, stop the services and create an unknown sandbox.
    const secondRuntime = await openProcesses(runtimeDir);
    await (await secondRuntime.find(project.id))?.stop();
    await secondRuntime.open({ id: "11111111-1111-4111-8111-111111111111" });
    await secondRuntime.close({ leaveRunning: true });
    {
      await using app = await projectsApp({ runtimeDir, database: first.database });
      const params = { id: project.id, container_id: container.id };
      expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "stopped" });
      expect(await app.as(ada).projects.get({ params })).toMatchObject({ environment_status: "stopped" });
      expect((await app.runtime.list()).map((s) => s.id)).toEqual([project.id]);
    }
    {
      // An empty database with the same disk.
      await using app = await projectsApp({ runtimeDir });
      expect(app.logs()).toContain("sandbox without a project");
      expect(await (await app.runtime.find(project.id))?.files.stat("server.mjs")).toMatchObject({ isDirectory: false });
    }
    await emptyRuntime(runtimeDir);
  });
});
