import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { call, nextMessage, parallel, say } from "@tesslate/testkit";
import type { RunEvent } from "@tesslate/contract";
import { chatWorld } from "../../../testing/chat.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { containers } from "../../../db/schema/runtime.ts";

const results = (events: RunEvent[]) => events.flatMap((event) => (event.type === "agent_step" ? event.data.tool_results : []));

test("canvas tools act only on the owner's project, return real exit codes, and close their terminals when the run ends", async () => {
  const [web, api, foreign] = [randomUUID(), randomUUID(), randomUUID()];
  const exec = (container_id: string, command: string) => call("graph_shell_exec", { container_id, command });
  await using world = await chatWorld({
    script: [
      parallel(
        call("graph_container_status", {}),
        exec(web, "echo out; echo err >&2; pwd; exit 3"),
        call("graph_add_connection", { source_container_id: api, target_container_id: web, connector_type: "http_api", label: "calls" }),
        call("graph_add_browser_preview", { container_id: web, position_x: 10, position_y: 20 }),
        call("graph_add_container", { name: "DB", container_type: "service", service_slug: "postgres", position_x: 5 }),
        call("graph_shell_open", { container_id: web }),
        call("run_command", { command: "true" }),
        exec(foreign, "true"),
        call("graph_stop_container", { container_id: foreign }),
        call("graph_remove_item", { item_type: "container", item_id: foreign }),
        call("graph_shell_close", { session_id: randomUUID() }),
        call("graph_start_container", { container_id: web }),
      ),
      parallel(call("graph_shell_open", { container_id: web, command: "sleep 600" }), call("graph_stop_container", { container_id: api })),
      say("Done."),
      nextMessage(),
      parallel(exec(web, "cat a.txt; echo changed > a.txt"), call("graph_stop_all", {})),
      say("Planned."),
      nextMessage(),
      parallel(call("graph_container_status", {}), call("run_command", { command: "exit 0" })),
      say("Not the canvas."),
    ],
  });
  const otherUser = await world.app.signUp({ name: "Eve" });
  const theirs = await emptyProject(world.app, otherUser);
  const row = (id: string, project: { id: string; slug: string }, name: string) => ({
    id,
    project_id: project.id,
    name,
    service_key: name,
    host_label: `${project.slug}-${name}`,
    container_name: `${project.slug}-${name}`,
    start_command: ["sleep", "600"],
    directory: name,
    internal_port: name === "web" ? 3000 : 3001,
  });
  await world.app.db
    .insert(containers)
    .values([row(web, world.project, "web"), row(api, world.project, "api"), row(foreign, theirs, "app")]);
  await world.sandbox.files.write("web/a.txt", "kept\n");

  const first = results(await world.run("Go", { view_context: "graph" }));
  expect(first[0]).toMatchObject({
    success: true,
    result: {
      project_status: "stopped",
      containers: expect.arrayContaining([expect.objectContaining({ id: web, name: "web", directory: "web", status: "stopped" })]),
    },
  });
  expect(first[1]).toMatchObject({
    success: false,
    error: "Exit code 3.",
    result: { exit_code: 3, container_name: "web", output: expect.stringContaining("err") },
  });
  expect(first[1]!.result!["output"]).toMatch(/\/web\n/);
  expect(first[2]).toMatchObject({
    success: true,
    result: { source: "api", target: "web", connector_type: "http_api", connection_id: expect.any(String) },
  });
  expect(first[3]).toMatchObject({ success: true, result: { connected_container_id: web, position: { x: 10, y: 20 } } });
  expect(first[4]).toMatchObject({ success: true, result: { name: "DB", container_type: "service", position: { x: 5 } } });
  expect(first[5]).toMatchObject({ success: false, error: expect.stringContaining("not running") });
  expect(first[6]).toMatchObject({ success: false, error: expect.stringContaining("graph_shell_exec") });
  for (const at of [7, 8]) expect(first[at]).toMatchObject({ success: false, error: `There is no container ${foreign} in this project.` });
  expect(first[9]).toMatchObject({ success: false, error: expect.stringMatching(/not found|no/i) });
  expect(first[10]!.success).toBe(false);
  expect(first[11]).toMatchObject({ success: true, result: { container_name: "web" } });

  const client = world.app.as(world.owner);
  expect((await client.connections.list({ params: { id: world.project.id }, query: {} })).items).toMatchObject([{ label: "calls" }]);
  expect((await world.app.as(otherUser).containers.list({ params: { id: theirs.id }, query: {} })).total).toBe(1);
  // No terminal stays open after the run.
  const left = (await client.shell.list({ query: { project_id: world.project.id } })).items.filter(
    (session) => session.status === "active" || session.status === "initializing",
  );
  expect(left).toEqual([]);

  const planned = results(await world.run("Plan it", { view_context: "graph", edit_mode: "plan" }));
  expect(planned[0]).toMatchObject({ result: { output: expect.stringContaining("kept") } });
  expect(planned[1]).toMatchObject({ success: false, error: expect.stringContaining("plan mode") });
  expect(await world.read("web/a.txt")).toBe("kept\n");

  const elsewhere = results(await world.run("Elsewhere", { view_context: "builder" }));
  expect(elsewhere).toMatchObject([
    { success: false, error: expect.stringContaining('no tool "graph_container_status"') },
    { success: true },
  ]);
  const names = (await client.agents.tools({ query: { limit: 500 } })).items
    .filter((tool) => tool.view === "graph")
    .map((tool) => tool.name);
  expect(names).toHaveLength(12);
});
