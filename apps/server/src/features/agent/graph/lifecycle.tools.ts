import { defineTool, done, type Tool } from "@tesslate/agent";
import { Type, type Container } from "@tesslate/contract";
import { category, ItemId, mutatingGate, reportingErrors, type GraphAccess } from "./graph-access.ts";

const readOnly = { approval: false, plan_blocked: false, read_only: true };

const shown = (one: Container) => ({
  id: one.id,
  name: one.name,
  directory: one.directory,
  status: one.status,
  url: one.url,
  port: one.internal_port ?? one.port,
});

/** Show, start and stop containers. */
export function lifecycleTools({ services: { lifecycle }, project, rowOf, list }: GraphAccess): Tool[] {
  return [
    defineTool({
      name: "graph_container_status",
      category,
      description: "The project's containers with their state and address.",
      parameters: Type.Object({}),
      gate: readOnly,
      run: reportingErrors(async () => {
        const all = await list();
        return done(`${all.length} containers.`, { project_status: (await project()).environment_status, containers: all.map(shown) });
      }),
    }),
    defineTool({
      name: "graph_start_container",
      category,
      description: "Start a container, after what it depends on.",
      parameters: Type.Object({ container_id: ItemId }),
      gate: mutatingGate,
      run: reportingErrors(async ({ container_id }: { container_id: string }) => {
        const { project: own, row } = await rowOf(container_id);
        const answer = await lifecycle.startContainer(own, row);
        const now = (await list()).find((one) => one.id === row.id);
        const isUp = answer.already_running === true || answer.already_started === true;
        return done(isUp ? `${row.name} is already running.` : `${row.name} is starting.`, {
          container_id: row.id,
          container_name: row.name,
          status: isUp ? "running" : "starting",
          url: now?.url ?? null,
        });
      }),
    }),
    defineTool({
      name: "graph_stop_container",
      category,
      description: "Stop a container.",
      parameters: Type.Object({ container_id: ItemId }),
      gate: mutatingGate,
      run: reportingErrors(async ({ container_id }: { container_id: string }) => {
        const { project: own, row } = await rowOf(container_id);
        await lifecycle.stopContainer(own, row);
        return done(`${row.name} is stopped.`, { container_id: row.id, container_name: row.name, status: "stopped" });
      }),
    }),
    defineTool({
      name: "graph_start_all",
      category,
      description: "Start every container of the project.",
      parameters: Type.Object({}),
      gate: mutatingGate,
      run: reportingErrors(async () => {
        const own = await project();
        const { containers: urls } = await lifecycle.startProject(own);
        return done("The project is starting.", { containers: urls, network: own.slug, namespace: own.slug, project_slug: own.slug });
      }),
    }),
    defineTool({
      name: "graph_stop_all",
      category,
      description: "Stop every container of the project.",
      parameters: Type.Object({}),
      gate: mutatingGate,
      run: reportingErrors(async () => {
        const own = await project();
        await lifecycle.stopProject(own);
        return done("The project is stopped.", { project_slug: own.slug });
      }),
    }),
  ];
}
