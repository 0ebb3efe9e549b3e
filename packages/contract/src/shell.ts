import { Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";

const tag = "shell";
export const ShellSession = Type.Object({
  id: Uuid,
  project_id: Uuid,
  command: Type.String(),
  working_dir: Type.String(),
  status: Literals("initializing", "active", "idle", "closed", "failed"),
  created_at: Timestamp,
  last_activity_at: Timestamp,
  bytes_read: Type.Integer(),
  bytes_written: Type.Integer(),
  total_reads: Type.Integer(),
  container_name: Type.String(),
  cols: Type.Integer(),
  rows: Type.Integer(),
  closed_at: Nullable(Timestamp),
});
export type ShellSession = Static<typeof ShellSession>;

export const ShellServerFrame = Type.Union([
  Type.Object({ type: Type.Literal("status"), message: Type.String() }),
  Type.Object({ type: Type.Literal("output"), data: Type.String() }),
  Type.Object({ type: Type.Literal("exit"), code: Nullable(Type.Integer()) }),
  PongFrame,
  AuthenticatedFrame,
  ErrorFrame,
]);
export type ShellServerFrame = Static<typeof ShellServerFrame>;
export const ShellClientFrame = Type.Union([
  Type.Object({ type: Type.Literal("input"), data: Type.String() }),
  Type.Object({
    type: Type.Literal("resize"),
    cols: Type.Integer({ description: "Clamped to 2 to 500" }),
    rows: Type.Integer({ description: "Clamped to 1 to 200" }),
  }),
  Type.Object({ type: Type.Literal("close") }, { description: "Ends the session and its processes" }),
  PingFrame,
]);
export type ShellClientFrame = Static<typeof ShellClientFrame>;

export const shellRoutes = {
  create: route({
    method: "POST",
    path: "/api/shell/sessions",
    tag,
    summary: "Open terminal",
    description:
      "Starts a shell session in a container. Connect to `ws_url` for input and output. The number of open sessions is limited (`shell_limit`).",
    auth: "user",
    impersonation: false,
    status: 201,
    body: Type.Object({
      project_id: ProjectRef,
      command: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
      container_name: Type.Optional(Nullable(Type.String({ maxLength: 200 }))),
      cols: Type.Optional(Type.Integer({ minimum: 2, maximum: 500 })),
      rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    response: extend(ShellSession, { ws_url: Type.String() }),
    errors: ["not_found", "not_running", "shell_limit", "pty_failed"],
  }),
  list: route({
    method: "GET",
    path: "/api/shell/sessions",
    tag,
    summary: "List terminals",
    description: "Your open shell sessions.",
    auth: "user",
    query: Type.Object({ ...pageQuery, project_id: Type.Optional(ProjectRef) }),
    response: listOf(ShellSession),
    errors: ["not_found"],
  }),
  get: route({
    method: "GET",
    path: "/api/shell/sessions/{id}",
    tag,
    summary: "Get terminal",
    description: "One shell session.",
    auth: "user",
    params: Type.Object({ id: Uuid }),
    response: ShellSession,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/shell/sessions/{id}",
    tag,
    summary: "Close terminal",
    description: "Ends a shell session and its processes.",
    auth: "user",
    status: 204,
    params: Type.Object({ id: Uuid }),
    errors: ["not_found"],
  }),
  socket: route({
    method: "WS",
    path: "/api/shell/ws/{session_id}",
    tag,
    summary: "Terminal (WebSocket)",
    description: "Input and output of a shell session.",
    auth: "user",
    impersonation: false,
    kind: "socket",
    params: Type.Object({ session_id: Uuid }),
    events: ShellServerFrame,
    frames: Type.Union([AuthFrame, ...ShellClientFrame.anyOf]),
  }),
};
