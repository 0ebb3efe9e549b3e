import { Type, type Static } from "typebox";
import { Value } from "typebox/value";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Milliseconds = Type.Number();

/** The runner of a server, as that server sees it. Times are milliseconds since 1970. */
const RunnerView = Type.Object({
  address: Type.String({ maxLength: 500 }),
  is_connected: Type.Boolean(),
  since: Milliseconds,
  last_error: Nullable(
    Type.Object({
      at: Milliseconds,
      message: Type.String({ maxLength: 500 }),
      /** Retrying does not help: settings or a version must change. Missing in reports of older servers. */
      is_permanent: Type.Optional(Type.Boolean()),
    }),
  ),
  /** The next four are null, too, if the server has not reached it yet. */
  version: Nullable(Type.String({ maxLength: 100 })),
  revision: Nullable(Type.String({ maxLength: 100 })),
  protocol: Nullable(Type.String({ maxLength: 20 })),
  driver: Nullable(Type.String({ maxLength: 20 })),
  machine: Nullable(
    Type.Object({
      started_at: Milliseconds,
      /** Its clock minus the database's. */
      clock_offset_ms: Milliseconds,
      sandboxes: Type.Integer(),
      awake: Type.Integer(),
      memory_used_bytes: Nullable(Type.Number()),
      memory_total_bytes: Nullable(Type.Number()),
      disk_free_bytes: Nullable(Type.Number()),
      disk_total_bytes: Nullable(Type.Number()),
    }),
  ),
});
export type RunnerView = Static<typeof RunnerView>;

const PodCount = Type.Object({
  state: Type.Enum(["running", "starting", "ending", "suspended"]),
  image: Nullable(Type.String({ maxLength: 500 })),
  count: Type.Integer({ minimum: 0 }),
});

/** What a server measured of itself. It is small, because each server writes one every few seconds. */
const ServerReport = Type.Object({
  host: Type.String({ maxLength: 255 }),
  pid: Type.Integer(),
  revision: Nullable(Type.String({ maxLength: 100 })),
  is_draining: Type.Boolean(),
  /** Its clock minus the database's. */
  clock_offset_ms: Milliseconds,
  memory_bytes: Type.Integer(),
  memory_total_bytes: Type.Integer(),
  cpu_percent: Type.Number(),
  event_loop_delay_ms: Type.Number(),
  streams: Type.Integer(),
  sockets: Type.Integer(),
  runner: Nullable(RunnerView),
  pods: Type.Array(PodCount, { maxItems: 100 }),
});
export type ServerReport = Static<typeof ServerReport>;

/** Undefined: there is none, or another version of the server wrote it in a way that this one does not understand. */
export const readReport = (value: unknown): ServerReport | undefined => (Value.Check(ServerReport, value) ? value : undefined);
