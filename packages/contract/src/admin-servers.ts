import { route } from "./route.ts";
import { described, Literals, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin-operations";
const Count = Type.Integer({ minimum: 0 });
const Bytes = Type.Integer({ minimum: 0 });
const Milliseconds = Type.Integer();

export const ServerState = Literals("starting", "serving", "draining", "late", "lost");
export type ServerState = Static<typeof ServerState>;

export const AdminServer = described(
  "A server process of this installation. What it measures of itself is as of `measured_at`, and null until its first report.",
  Type.Object({
    id: Uuid,
    address: described("Where the other servers reach it; null if it is the only one", Nullable(Type.String())),
    is_this_server: described("It handles this request", Type.Boolean()),
    state: described(
      "`late`: its heartbeat is overdue. `lost`: it ended without closing, and other servers have taken its projects; listed for an hour",
      ServerState,
    ),
    version: Type.String(),
    revision: described("The commit that it runs, where it knows", Nullable(Type.String())),
    host: Nullable(Type.String()),
    pid: Nullable(Type.Integer()),
    started_at: Timestamp,
    heartbeat_at: described("When it last renewed its lease", Timestamp),
    projects: described("Projects that it owns; null if it is the only one, which owns all", Nullable(Count)),
    runs: described("Runs of the agent that it executes", Count),
    measured_at: Nullable(Timestamp),
    clock_offset_ms: described("Its clock minus the database's", Nullable(Milliseconds)),
    memory_bytes: described("Resident memory of the process", Nullable(Bytes)),
    memory_total_bytes: described("Of its machine or its container", Nullable(Bytes)),
    cpu_percent: described("Of one core, over the last seconds", Nullable(Type.Number({ minimum: 0 }))),
    event_loop_delay_ms: described("99th percentile over the last seconds", Nullable(Type.Number({ minimum: 0 }))),
    streams: described("Open event streams", Nullable(Count)),
    sockets: described("Open WebSockets", Nullable(Count)),
  }),
);
export type AdminServer = Static<typeof AdminServer>;

export const AdminRunner = described(
  "A runner, as the servers see it that call it.",
  Type.Object({
    address: Type.String(),
    version: described("Null, as `protocol` and `driver`, if no server has reached it yet", Nullable(Type.String())),
    revision: described("The commit that it runs, where it knows", Nullable(Type.String())),
    protocol: described("Of the connection between servers and runner", Nullable(Type.String({ examples: ["1.2"] }))),
    driver: described("What runs the sandboxes on its machine", Nullable(Type.String())),
    is_reachable: described("At least one server is connected to it", Type.Boolean()),
    reached_by: described("Servers that are connected to it", Count),
    missed_by: described("Servers that cannot reach it", Count),
    since: described("Since when it is connected or, if no server reaches it, since when not", Timestamp),
    last_error: described(
      "When a server last lost its connection or could not connect, and why",
      Nullable(
        Type.Object({
          at: Timestamp,
          message: Type.String(),
          is_permanent: described(
            "It stays until settings or a version are changed: a certificate, the token, the protocol. Servers keep trying, less often",
            Type.Boolean(),
          ),
        }),
      ),
    ),
    started_at: described("Null, as all that follows, if it is not reachable or is older than this information", Nullable(Timestamp)),
    clock_offset_ms: described("Its clock minus the database's", Nullable(Milliseconds)),
    sandboxes: Nullable(Count),
    awake: described("Sandboxes with a service that runs or starts", Nullable(Count)),
    memory_used_bytes: Nullable(Bytes),
    memory_total_bytes: Nullable(Bytes),
    disk_free_bytes: described("Of the disk of its DATA_DIR", Nullable(Bytes)),
    disk_total_bytes: Nullable(Bytes),
  }),
);
export type AdminRunner = Static<typeof AdminRunner>;

export const AdminPodGroup = described(
  "Pods of the Kubernetes driver, each with a runner of one project or image, by state and image.",
  Type.Object({
    state: Literals("running", "starting", "ending", "suspended"),
    image: described("Null if there is no pod: `suspended`", Nullable(Type.String())),
    count: Count,
  }),
);
export type AdminPodGroup = Static<typeof AdminPodGroup>;

export const ServerProblem = described(
  "What an administrator should look at.",
  Type.Object({
    kind: Literals("versions", "runner_version", "runner_unreachable", "clock", "heartbeat", "lost", "pods"),
    message: Type.String(),
    advice: Type.String(),
  }),
);
export type ServerProblem = Static<typeof ServerProblem>;

export const AdminServers = Type.Object({
  checked_at: described("By the database's clock", Timestamp),
  problems: Type.Array(ServerProblem),
  servers: described("By start, the latest last", Type.Array(AdminServer)),
  runners: described("Empty if projects run on the server's machine", Type.Array(AdminRunner)),
  pods: described("Empty with other drivers than `kubernetes`", Type.Array(AdminPodGroup)),
});
export type AdminServers = Static<typeof AdminServers>;
export const AdminServersEvent = Type.Object({ seq: Type.Integer(), type: Type.Literal("servers"), data: AdminServers });

export const adminServersRoutes = {
  get: route({
    method: "GET",
    path: "/api/admin/servers",
    tag,
    summary: "Get servers and runners",
    description:
      "All servers and runners of this installation with versions, load and what differs between them. Reads what each server reports every few seconds, and asks none of them.",
    auth: "superuser",
    response: AdminServers,
  }),
  events: route({
    method: "GET",
    path: "/api/admin/servers/events",
    tag,
    summary: "Stream servers and runners",
    description: "The servers and runners of this installation, sent every few seconds as server-sent events.",
    auth: "superuser",
    kind: "sse",
    events: AdminServersEvent,
  }),
};
