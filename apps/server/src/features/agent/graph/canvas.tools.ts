import { defineTool, done, ToolFailure, type Tool } from "@tesslate/agent";
import { Type, type CreateContainer, type Static } from "@tesslate/contract";
import { isUuid } from "../../../platform/uuid.ts";
import { category, ItemId, mutatingGate, reportingErrors, type GraphAccess } from "./graph-access.ts";

const Coordinate = Type.Number({ minimum: -1_000_000, maximum: 1_000_000 });
const position = { position_x: Type.Optional(Coordinate), position_y: Type.Optional(Coordinate) };
const connectors = ["env_injection", "http_api", "database", "cache", "depends_on"] as const;

/** Add and remove what is on the canvas. */
export function canvasTools({ services: { containers, connections, previews }, runOf, rowOf }: GraphAccess): Tool[] {
  return [
    defineTool({
      name: "graph_add_container",
      category,
      description:
        "Add a container: from a template (base_id), or a service of the catalogue (container_type service, service_slug such as postgres or redis).",
      parameters: Type.Object({
        name: Type.String({ minLength: 1, maxLength: 100 }),
        base_id: Type.Optional(Type.String({ maxLength: 100 })),
        container_type: Type.Optional(Type.Enum(["base", "service"], { type: "string" })),
        service_slug: Type.Optional(Type.String({ maxLength: 100 })),
        ...position,
        port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
      }),
      gate: mutatingGate,
      run: reportingErrors(async ({ port, ...wanted }: Static<typeof CreateContainer> & { name: string; port?: number }) => {
        const { user_id, project: own } = runOf();
        const made = await containers.create(user_id, own.id, wanted);
        const after = port === undefined ? made : await containers.update(user_id, own.id, made.id, { port });
        return done(`Added ${after.name}.${made.task_id === null ? "" : " Its files are being set up."}`, {
          container_id: after.id,
          name: after.name,
          directory: after.directory,
          container_type: after.container_type,
          position: { x: after.position_x, y: after.position_y },
        });
      }),
    }),
    defineTool({
      name: "graph_add_browser_preview",
      category,
      description: "Put a browser preview on the canvas, connected to a container if one is given.",
      parameters: Type.Object({ container_id: Type.Optional(ItemId), ...position }),
      gate: mutatingGate,
      run: reportingErrors(async ({ container_id, ...position }: { container_id?: string; position_x?: number; position_y?: number }) => {
        const { user_id, project: own } = runOf();
        const to = container_id === undefined ? undefined : (await rowOf(container_id)).row.id;
        const made = await previews.create(user_id, own.id, { ...position, ...(to !== undefined && { connected_container_id: to }) });
        return done("Added a browser preview.", {
          preview_id: made.id,
          connected_container_id: to ?? null,
          position: { x: made.position_x, y: made.position_y },
        });
      }),
    }),
    defineTool({
      name: "graph_add_connection",
      category,
      description: "Connect two containers: the source provides, the target consumes and gets its variables.",
      parameters: Type.Object({
        source_container_id: ItemId,
        target_container_id: ItemId,
        connector_type: Type.Optional(Type.Enum([...connectors], { type: "string" })),
        label: Type.Optional(Type.String({ maxLength: 200 })),
        config: Type.Optional(Type.Object({}, { additionalProperties: true })),
      }),
      gate: mutatingGate,
      run: reportingErrors(
        async (wanted: {
          source_container_id: string;
          target_container_id: string;
          connector_type?: (typeof connectors)[number];
          label?: string;
          config?: Record<string, unknown>;
        }) => {
          const { user_id, project: own } = runOf();
          const [source, target] = [await rowOf(wanted.source_container_id), await rowOf(wanted.target_container_id)];
          const made = await connections.create(user_id, own.id, wanted);
          return done(`Connected ${source.row.name} to ${target.row.name}.`, {
            connection_id: made.id,
            source: source.row.name,
            target: target.row.name,
            connector_type: made.connector_type,
          });
        },
      ),
    }),
    defineTool({
      name: "graph_remove_item",
      category,
      description: "Take something off the canvas. A service's data goes with it; files stay.",
      parameters: Type.Object({
        item_type: Type.Enum(["container", "connection", "browser_preview"], { type: "string" }),
        item_id: ItemId,
      }),
      gate: mutatingGate,
      run: reportingErrors(async ({ item_type, item_id }: { item_type: string; item_id: string }) => {
        const { user_id, project: own } = runOf();
        if (!isUuid(item_id)) throw new ToolFailure(`There is no ${item_type} ${item_id} in this project.`);
        const from = item_type === "container" ? containers : item_type === "connection" ? connections : previews;
        await from.remove(user_id, own.id, item_id);
        return done(`Removed the ${item_type.replace("_", " ")}.`, { item_id });
      }),
    }),
  ];
}
