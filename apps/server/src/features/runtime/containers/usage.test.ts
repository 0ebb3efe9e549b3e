import { WebSocket } from "ws";
import { expect, onTestFinished, test, vi } from "vitest";
import type { UsageFrame } from "@tesslate/contract";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";

/** The frames of a usage socket; it closes when the test ends. */
function follow(app: TestApp, user: Pick<TestUser, "token">, id: string) {
  const socket = new WebSocket(`ws://localhost:${app.port}/api/projects/${id}/usage/ws`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  onTestFinished(() => socket.on("error", () => undefined).terminate());
  const frames: (UsageFrame | { type: "pong" | "error" })[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data)) as UsageFrame));
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  return { socket, closed, frames, measured: () => frames.flatMap((frame) => (frame.type === "usage" ? [frame.data] : [])) };
}
const soon = { timeout: 10_000 };

test("running containers are measured while a socket is open", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const { project, container } = await startedProject(app, ada);
  const one = follow(app, ada, project.slug);
  await vi.waitFor(() => expect(one.measured().length).toBeGreaterThanOrEqual(2), soon);
  const [first, second] = one.measured();
  expect(first).toMatchObject({ containers: [{ container_id: container.id, cpu_percent: null }] });
  expect(second?.containers[0]?.memory_bytes).toBeGreaterThan(10_000_000);
  expect(second?.containers[0]?.cpu_percent).toBeGreaterThanOrEqual(0);
  expect(second?.limits === null).toBe(!app.runtime.can.limits);
  // A second watcher gets what is known, without another measurement.
  const measure = vi.spyOn((await app.runtime.find(project.id)) as { serviceUsage: () => unknown }, "serviceUsage");
  const two = follow(app, ada, project.id);
  await vi.waitFor(() => expect(two.measured().slice(0, 2)).toEqual([first, second]), soon);
  one.socket.send('{"type":"ping"}');
  one.socket.send('{"type":"pong"}');
  await vi.waitFor(() => expect(one.frames.map(({ type }) => type)).toEqual(expect.arrayContaining(["pong", "error"])), soon);
  // Nothing is measured after the last one left.
  for (const { socket, closed } of [one, two]) {
    socket.close();
    await closed;
  }
  measure.mockClear();
  const again = follow(app, ada, project.id);
  await vi.waitFor(() => expect(again.measured().length).toBeGreaterThan(0), soon);
  expect(again.measured()[0]?.containers[0]?.cpu_percent).toBeNull();
  // A stopped container is left out.
  await app.as(ada).containers.stop({ params: { id: project.id, container_id: container.id } });
  await vi.waitFor(() => expect(again.measured().at(-1)?.containers).toEqual([]), soon);
});

test("a project that nothing runs in has no figures; its socket ends with it, and others get none", async () => {
  await using app = await projectsApp();
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const { project } = await setUpProject(app, ada);
  const socket = follow(app, ada, project.id);
  await vi.waitFor(() => expect(socket.measured()[0]).toMatchObject({ containers: [] }), soon);
  expect(await follow(app, eve, project.id).closed).toBe(4404);
  expect(await follow(app, { token: "nobody" }, project.id).closed).toBe(4401);
  await app.as(ada).projects.remove({ params: { id: project.id } });
  expect(await socket.closed).toBe(1000);
});
