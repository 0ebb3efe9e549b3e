import { Type, type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";

/**
 * What a server and a runner agree on. `GET /v1/hello` keeps its path and the fields `protocol` and `version` in every major version, so
 * that both ends can say who must be upgraded. The minor version grows with each method or field that an older end can do without.
 */
export const protocol = { major: 1, minor: 4 } as const;

export const paths = { hello: "/v1/hello", call: "/v1/call/" } as const;

export const headers = {
  authorization: "authorization",
  protocol: "studio-protocol",
  /** Identifies a client object across its connections. */
  client: "studio-client",
  /** Identifies a command. */
  call: "studio-call",
  /** On a command that was sent before: frames that the sender has received. */
  received: "studio-received",
} as const;

/** Times of a connection. Tests shorten them. */
export interface Timing {
  /** Both ends ping the other one this often. */
  pingMs: number;
  /** A connection whose ping is not answered in time is closed. */
  pingTimeoutMs: number;
  connectTimeoutMs: number;
  /** First and longest delay between two attempts to connect, and the delay after the runner refused this end. */
  backoffMs: { first: number; max: number; refused: number };
  /** How long calls wait for a lost connection before they fail. */
  patienceMs: number;
  /** How long the runner keeps commands, terminals and staged files of a client without a connection. */
  graceMs: number;
  /** How long a runner refuses calls after a server that was suspending it is gone: what that one decided may still take effect. */
  undecidedMs: number;
  /** How long a runner that shuts down waits for calls. */
  drainMs: number;
}
export const defaultTiming: Timing = {
  pingMs: 10_000,
  pingTimeoutMs: 5_000,
  connectTimeoutMs: 5_000,
  backoffMs: { first: 50, max: 2_000, refused: 30_000 },
  patienceMs: 15_000,
  graceMs: 30_000,
  undecidedMs: 10_000,
  drainMs: 10_000,
};

export const driverNames = ["sandbox", "docker", "process", "kubernetes", "memory"] as const;

/** What a server knows of the driver of its runner. */
const driverFacts = Type.Object({
  name: Type.Enum([...driverNames]),
  isolation: Type.Enum(["full", "no-netns", "process", "none"]),
  warnings: Type.Array(Type.String()),
  can: Type.Object({
    pty: Type.Boolean(),
    freeze: Type.Boolean(),
    limits: Type.Boolean(),
    privateNetwork: Type.Boolean(),
    peers: Type.Boolean(),
    images: Type.Boolean(),
    history: Type.Boolean(),
  }),
});
export type DriverFacts = Static<typeof driverFacts>;
/** Undefined: another version wrote them. */
export const readDriverFacts = (value: unknown): DriverFacts | undefined => (Value.Check(driverFacts, value) ? value : undefined);

export const hello = Type.Object({
  protocol: Type.Object({ major: Type.Integer(), minor: Type.Integer() }),
  /** Of the product. */
  version: Type.String(),
  /** The commit that it runs, where it knows. */
  revision: Type.Optional(Type.String()),
  /** Changes with every start of the runner. */
  instance: Type.String(),
  /** How long it keeps what a client without a connection left. */
  graceMs: Type.Number(),
  driver: driverFacts,
});
export type Hello = Static<typeof hello>;

/**
 * - `query`: changes nothing, or nothing more when repeated: sent again after a lost connection.
 * - `command`: executed at most once. It has an id by which the runner finds it again, and continues after a lost connection.
 * - `stream`: belongs to its connection and fails with it, but is sent again as long as nothing of it arrived.
 */
export type MethodKind = "query" | "command" | "stream";

export interface Method {
  kind: MethodKind;
  args: TSchema;
  result: TSchema;
  /** Messages of the runner before the result. */
  event: TSchema;
  /** Messages of the client after the arguments. */
  input: TSchema;
  /** The command is aborted when its client has been without a connection for `graceMs`; others run to their end. */
  endsWithClient?: boolean;
  /** It goes on until the client ends it: a shutdown does not wait for it, and its spans end with its first message. */
  isOpenEnded?: boolean;
}
