import { Type, type Static, type TSchema } from "typebox";
import type { Comparison, Point, Restored } from "../history/types.ts";
import type {
  Change,
  Entry,
  ExecResult,
  Limits,
  LogLine,
  PreparedImage,
  SandboxInfo,
  SandboxStats,
  SandboxUsage,
  ServiceSpec,
  ServicesUsage,
  ServiceState,
} from "../types.ts";

/** A schema of exactly this type: the compiler compares both directions. */
const of =
  <T>() =>
  <S extends TSchema>(schema: S & ([T, Static<S>] extends [Static<S>, T] ? unknown : never)): S =>
    schema;

const optional = Type.Optional;
const text = Type.String();
const statuses = ["stopped", "starting", "running", "frozen", "failed"] as const;
const status = Type.Enum([...statuses]);

export const limits = of<Limits>()(
  Type.Object({
    memoryBytes: Type.Number(),
    cpus: Type.Number(),
    cpuWeight: optional(Type.Number()),
    pids: Type.Number(),
    diskBytes: Type.Number(),
  }),
);

export const serviceSpec = of<ServiceSpec>()(
  Type.Object({
    name: text,
    command: Type.Array(text),
    cwd: text,
    env: Type.Record(Type.String(), Type.String()),
    port: Type.Integer(),
    image: optional(text),
    program: optional(Type.Object({ command: Type.Array(text), health: optional(Type.Array(text)) })),
    volumes: optional(Type.Array(Type.Object({ name: text, path: text }))),
    health: optional(Type.Array(text)),
    stopSignal: optional(Type.Enum(["SIGTERM", "SIGINT"])),
    stopGraceMs: optional(Type.Number()),
  }),
);

export const serviceState = of<ServiceState>()(
  Type.Object({
    name: text,
    status,
    port: optional(Type.Integer()),
    exitCode: optional(Type.Union([Type.Integer(), Type.Null()])),
    exitSignal: optional(Type.Union([text, Type.Null()])),
    startedAt: optional(Type.Number()),
    lastLines: optional(Type.Array(text)),
    oomKilled: optional(Type.Boolean()),
  }),
);

export const sandboxInfo = of<SandboxInfo>()(Type.Object({ id: text, services: Type.Array(Type.Object({ name: text, state: status })) }));

/** Without the texts, which are sent as bytes. */
export const execResult = of<Omit<ExecResult, "stdout" | "stderr">>()(
  Type.Object({
    exitCode: Type.Union([Type.Integer(), Type.Null()]),
    signal: Type.Union([text, Type.Null()]),
    timedOut: Type.Boolean(),
    aborted: Type.Boolean(),
    outOfMemory: optional(Type.Literal(true)),
    durationMs: Type.Number(),
  }),
);

export const logLine = of<LogLine>()(
  Type.Object({ seq: Type.Integer(), ts: text, stream: Type.Enum(["stdout", "stderr", "system"]), line: text }),
);

export const sandboxUsage = of<SandboxUsage>()(
  Type.Object({ memoryBytes: Type.Number(), cpuSeconds: Type.Number(), pids: Type.Integer() }),
);
export const servicesUsage = of<ServicesUsage>()(
  Type.Object({
    services: Type.Array(Type.Object({ name: text, memoryBytes: Type.Number(), cpuSeconds: Type.Number(), pids: Type.Integer() })),
    limits: optional(Type.Object({ memoryBytes: Type.Number(), cpus: Type.Number() })),
  }),
);
export const sandboxStats = of<SandboxStats>()(
  Type.Object({ memoryBytes: Type.Number(), cpuSeconds: Type.Number(), pids: Type.Integer(), diskBytes: Type.Number() }),
);

export const entry = of<Entry>()(
  Type.Object({
    path: text,
    isDirectory: Type.Boolean(),
    size: Type.Number(),
    etag: text,
    mtimeMs: Type.Number(),
    mode: optional(Type.Integer()),
    isLink: optional(Type.Literal(true)),
  }),
);

export const change = of<Change>()(
  Type.Object({ path: text, op: Type.Enum(["add", "update", "delete"]), isDirectory: Type.Boolean(), etag: optional(text) }),
);

export const preparedImage = of<PreparedImage>()(
  Type.Object({ id: text, name: text, preparedAt: Type.Number(), isWarm: Type.Boolean(), bytes: optional(Type.Number()) }),
);

export const point = of<Point>()(
  Type.Object({ files: Type.Integer(), bytes: Type.Number(), attachments: Type.Array(text), tree: optional(text) }),
);
export const restored = of<Restored>()(Type.Object({ written: Type.Integer(), removed: Type.Integer() }));
export const comparison = of<Comparison>()(
  Type.Object({
    files: Type.Array(
      Type.Object({
        path: text,
        oldPath: optional(text),
        status: Type.Enum(["added", "modified", "deleted", "renamed"]),
        additions: Type.Integer(),
        deletions: Type.Integer(),
        isBinary: Type.Boolean(),
        patch: optional(text),
      }),
    ),
    totalFiles: Type.Integer(),
    additions: Type.Integer(),
    deletions: Type.Integer(),
  }),
);
/** An entry of a point, without its content. */
export const keptEntry = Type.Object({
  path: text,
  kind: Type.Enum(["file", "link", "folder"]),
  isExecutable: Type.Boolean(),
  size: Type.Number(),
});
