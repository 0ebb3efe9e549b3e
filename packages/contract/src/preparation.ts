import { route } from "./route.ts";
import { described, Literals, Nullable, Timestamp, Type, type Static } from "./schema.ts";

const Item = {
  id: Type.String(),
  kind: Literals("template", "browser"),
  name: Type.String(),
  state: described(
    "`waiting`: its turn has not come. `failed`: tried again later. `off`: not prepared ahead; a template is prepared by the first project that needs it",
    Literals("waiting", "preparing", "ready", "failed", "off"),
  ),
};
export const PreparationItem = described(
  "A part of the installation that the server prepares in the background after its start: a template with its dependencies installed, or the agent's browser.",
  Type.Object(Item),
);
export type PreparationItem = Static<typeof PreparationItem>;

export const PreparationEvent = Type.Object({
  seq: Type.Integer(),
  type: Type.Literal("preparation"),
  data: Type.Array(PreparationItem),
});
export type PreparationEvent = Static<typeof PreparationEvent>;

export const AdminPreparationItem = Type.Object({
  ...Item,
  bytes: described("Disk space; null if it is unknown or not prepared", Nullable(Type.Integer({ minimum: 0 }))),
  prepared_at: Nullable(Timestamp),
  is_removable: described("False for what the machine has, such as an installed browser", Type.Boolean()),
  note: described("Where it is, or what is missing without it", Nullable(Type.String())),
  error: described("What happened at the last attempt; null if it succeeded", Nullable(Type.String())),
  log: described("The last lines of a failed attempt, at most 20", Type.Array(Type.String())),
  next_attempt_at: Nullable(Timestamp),
});
export type AdminPreparationItem = Static<typeof AdminPreparationItem>;

export const preparationRoutes = {
  list: route({
    method: "GET",
    path: "/api/preparation",
    tag: "system",
    summary: "List preparation",
    description: "What the server has prepared and what it prepares now.",
    auth: "user",
    response: Type.Object({ items: Type.Array(PreparationItem) }),
  }),
  events: route({
    method: "GET",
    path: "/api/preparation/events",
    tag: "system",
    summary: "Stream preparation",
    description: "All items now and after each change, as server-sent events.",
    auth: "user",
    kind: "sse",
    events: PreparationEvent,
  }),
};

const adminTag = "admin-operations";
const ItemParams = Type.Object({ id: Type.String({ maxLength: 100 }) });

export const adminPreparationRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/preparation",
    tag: adminTag,
    summary: "List prepared parts",
    description: "Templates and the browser with their size, when they were prepared, and why preparing them failed.",
    auth: "superuser",
    response: Type.Object({ items: Type.Array(AdminPreparationItem) }),
  }),
  prepare: route({
    method: "POST",
    path: "/api/admin/preparation/{id}",
    tag: adminTag,
    summary: "Prepare part",
    description:
      "Prepares an item next, in the background. One that is prepared is replaced once the new one is complete. Writes to the audit log.",
    auth: "superuser",
    status: 202,
    params: ItemParams,
    response: AdminPreparationItem,
    errors: ["not_found", "bad_request"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/admin/preparation/{id}",
    tag: adminTag,
    summary: "Remove part",
    description:
      "Deletes a prepared item, or stops preparing it. Projects keep their files. It is prepared again when a project needs it or an administrator asks for it, not automatically. Writes to the audit log.",
    auth: "superuser",
    params: ItemParams,
    response: AdminPreparationItem,
    errors: ["not_found", "bad_request"],
  }),
};
