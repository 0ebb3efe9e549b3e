import { Type, type Static, type TProperties, type TSchema } from "typebox";
import type { Method, MethodKind } from "./protocol.ts";
import {
  change,
  comparison,
  entry,
  execResult,
  keptEntry,
  limits,
  logLine,
  point,
  preparedImage,
  restored,
  sandboxInfo,
  sandboxStats,
  sandboxUsage,
  serviceSpec,
  serviceState,
  servicesUsage,
} from "./schemas.ts";

const none = Type.Null();
const noEvents = Type.Never();
const text = Type.String();
const optional = Type.Optional;
const sandboxId = Type.String({ pattern: "^[a-z0-9-]{1,64}$" });

function method<
  K extends MethodKind,
  A extends TSchema,
  R extends TSchema,
  E extends TSchema = typeof noEvents,
  I extends TSchema = typeof noEvents,
>(kind: K, args: A, result: R, more: { event?: E; input?: I } & Pick<Method, "endsWithClient" | "isOpenEnded"> = {}) {
  const { event = noEvents as unknown as E, input = noEvents as unknown as I, ...rest } = more;
  return { kind, args, result, event, input, ...rest };
}

const args = <T extends TProperties>(properties: T) => Type.Object(properties, { additionalProperties: false });

/** Calls on one sandbox. `epoch`: of its owner (`driver.open`); one that is older than the current owner's is refused. */
const sandbox = <T extends TProperties>(properties: T) => args({ id: sandboxId, epoch: optional(Type.Integer()), ...properties });

const image = {
  name: text,
  /** `FileSource.id`. */
  source: text,
  build: Type.Array(Type.Array(text)),
  prune: optional(Type.Array(text)),
  warm: optional(Type.Object({ command: Type.Array(text), port: Type.Integer(), path: text })),
};
/** A file or folder of a source. The bytes of a file follow. */
const sourceFile = Type.Union([
  Type.Object({ path: text, isDirectory: Type.Literal(true) }),
  Type.Object({ path: text, isDirectory: Type.Literal(false), mode: Type.Integer(), size: Type.Number() }),
]);

const created = Type.Object({ entry, created: Type.Boolean() });
const env = Type.Record(Type.String(), Type.String());
const argv = Type.Array(text, { minItems: 1 });

const ptyExit = Type.Object({ exitCode: Type.Union([Type.Integer(), none]) });
const ptyInput = Type.Union([
  Type.Object({ resize: Type.Object({ cols: Type.Integer(), rows: Type.Integer() }) }),
  Type.Object({ kill: Type.Literal(true) }),
]);

/**
 * Every call between a server and a runner, with its arguments and results. Both ends derive their types from it; the runner checks what it
 * receives, and so does the server. Lists that can be long are sent as events, contents as bytes.
 */
export const methods = {
  "driver.open": method(
    "command",
    args({
      spec: args({
        id: text,
        image: optional(text),
        limits: optional(Type.Partial(limits)),
        hostnames: optional(Type.Array(text)),
        offline: optional(Type.Boolean()),
        peers: optional(Type.Array(text)),
      }),
      /** Becomes the only owner: calls with an older epoch are refused from now on. */
      takesOver: optional(Type.Boolean()),
    }),
    Type.Object({ epoch: Type.Integer() }),
  ),
  "driver.find": method("query", args({ id: text }), Type.Union([Type.Object({ epoch: Type.Integer() }), none])),
  "driver.list": method("query", args({}), none, { event: sandboxInfo }),
  /** Ends when the client says so, or is gone. */
  "driver.pause": method("command", args({ id: text }), none, {
    event: Type.Object({ isStill: Type.Boolean(), wasRunning: Type.Boolean() }),
    endsWithClient: true,
    isOpenEnded: true,
  }),
  "driver.remove": method("command", args({ id: text }), none),
  /** The files of the source follow when the runner needs them. */
  "driver.prepare": method(
    "command",
    args({ ...image, isBackground: optional(Type.Boolean()), isColdEnough: optional(Type.Boolean()), isRebuilt: optional(Type.Boolean()) }),
    text,
    {
      event: Type.Union([Type.Object({ lines: Type.Array(text) }), Type.Object({ needsFiles: Type.Literal(true) })]),
      input: sourceFile,
      endsWithClient: true,
    },
  ),
  "driver.findImage": method("query", args(image), Type.Union([preparedImage, none])),
  "driver.listImages": method("query", args({}), none, { event: preparedImage }),
  "driver.removeImage": method("command", args({ image: text }), none),
  "driver.findPrograms": method("query", args({ paths: Type.Array(text) }), Type.Array(text)),
  "driver.freePort": method("query", args({}), Type.Integer()),
  /** Of the runner and its machine. Times are milliseconds since 1970. */
  "driver.status": method(
    "query",
    args({}),
    Type.Object({
      now: Type.Number(),
      startedAt: Type.Number(),
      servers: Type.Integer(),
      sandboxes: Type.Integer(),
      awake: Type.Integer(),
      memoryUsedBytes: optional(Type.Number()),
      memoryTotalBytes: optional(Type.Number()),
      diskFreeBytes: optional(Type.Number()),
      diskTotalBytes: optional(Type.Number()),
    }),
  ),
  /**
   * Since protocol 1.3. Whether no service runs and all clients have left the runner alone for `idleMs`. Then calls of other ones are refused until this client
   * ends its input, and for some seconds after its connection was lost.
   */
  "driver.suspend": method("stream", args({ idleMs: Type.Number() }), none, {
    event: Type.Union([Type.Object({ isIdle: Type.Literal(true) }), Type.Object({ waitMs: Type.Number(), servers: Type.Integer() })]),
    isOpenEnded: true,
  }),
  "driver.histories": method("query", args({}), none, { event: text }),
  "driver.removeHistory": method("command", args({ id: text }), none),
  /** Stops the services of these sandboxes, unless another client uses them. */
  "driver.release": method("command", args({ ids: Type.Array(text) }), none),

  /** The client ends and will not come back. */
  "driver.leave": method("query", args({}), none),

  "sandbox.start": method("command", sandbox({ spec: serviceSpec }), serviceState),
  "sandbox.ready": method("query", sandbox({ name: text, timeoutMs: optional(Type.Number()) }), serviceState),
  "sandbox.stop": method("command", sandbox({ name: optional(text) }), none),
  "sandbox.removeVolume": method("command", sandbox({ name: text }), none),
  "sandbox.services": method("query", sandbox({}), Type.Array(serviceState)),
  /** First the current states, then each change. */
  "sandbox.states": method("stream", sandbox({ subscription: text }), none, {
    event: Type.Union([Type.Object({ services: Type.Array(serviceState) }), Type.Object({ state: serviceState })]),
    isOpenEnded: true,
  }),
  /** The texts of the result are bytes in its encoding: all of stdout after the first event `text`, all of stderr after the second. */
  "sandbox.exec": method(
    "command",
    sandbox({
      argv,
      cwd: optional(text),
      env: optional(env),
      /** The input follows as bytes: all of it before the program starts, or as it comes. */
      input: optional(Type.Enum(["whole", "live"])),
      timeoutMs: optional(Type.Number()),
      readOnly: optional(Type.Boolean()),
      isFollowed: optional(Type.Boolean()),
      maxOutputBytes: optional(Type.Integer({ minimum: 0 })),
      encoding: optional(Type.Enum(["utf8", "latin1"])),
    }),
    execResult,
    {
      event: Type.Union([
        Type.Object({ chunk: text, stream: Type.Enum(["stdout", "stderr"]) }),
        Type.Object({ text: Type.Enum(["stdout", "stderr"]) }),
      ]),
      endsWithClient: true,
    },
  ),
  /** Output and input are bytes. */
  "sandbox.pty": method(
    "command",
    sandbox({
      argv,
      cwd: optional(text),
      env: optional(env),
      cols: optional(Type.Integer()),
      rows: optional(Type.Integer()),
      /** It outlives its client, and another one can attach to it by this id. */
      keepAs: optional(text),
    }),
    ptyExit,
    { event: Type.Object({}), input: ptyInput, endsWithClient: true, isOpenEnded: true },
  ),
  /** Continues a kept terminal: first its last output, then as `sandbox.pty`. Whoever was attached is detached. */
  "sandbox.attachPty": method("command", sandbox({ keptAs: text }), ptyExit, {
    event: Type.Object({}),
    input: ptyInput,
    endsWithClient: true,
    isOpenEnded: true,
  }),
  "sandbox.logs": method("stream", sandbox({ name: text, tail: optional(Type.Integer()), follow: optional(Type.Boolean()) }), none, {
    event: Type.Array(logLine),
    isOpenEnded: true,
  }),
  /** An empty event once it is connected; then bytes in both directions. */
  "sandbox.connect": method("stream", sandbox({ port: Type.Integer({ minimum: 1, maximum: 65_535 }) }), none, {
    event: Type.Object({}),
    isOpenEnded: true,
  }),
  "sandbox.peerAddress": method("query", sandbox({ port: Type.Integer() }), Type.Object({ host: text, port: Type.Integer() })),
  /** Since protocol 1.1. */
  "sandbox.assignPort": method("query", sandbox({ port: Type.Integer() }), Type.Integer()),
  "sandbox.stats": method("query", sandbox({}), sandboxStats),
  "sandbox.usage": method("query", sandbox({}), sandboxUsage),
  /** Since protocol 1.3. */
  "sandbox.serviceUsage": method("query", sandbox({}), servicesUsage),
  "sandbox.programs": method("query", sandbox({}), Type.Array(text)),
  "sandbox.freeze": method("query", sandbox({}), none),
  "sandbox.thaw": method("query", sandbox({}), none),

  "tree.stat": method("query", sandbox({ path: text }), Type.Union([entry, none])),
  "tree.read": method("query", sandbox({ path: text, maxBytes: optional(Type.Integer()) }), Type.Object({ entry })),
  "tree.stream": method("stream", sandbox({ path: text, start: optional(Type.Integer()), end: optional(Type.Integer()) }), none, {
    event: Type.Object({ entry }),
  }),
  /** The content follows as bytes. */
  "tree.write": method(
    "command",
    sandbox({ path: text, ifMatch: optional(text), ifNoneMatch: optional(Type.Literal("*")), mode: optional(Type.Integer()) }),
    created,
  ),
  /** The content follows as bytes. The runner discards the file when its client is gone. */
  "tree.stage": method(
    "stream",
    sandbox({ maxBytes: optional(Type.Integer()), mode: optional(Type.Integer()), isDurable: optional(Type.Boolean()) }),
    Type.Object({ staged: text, size: Type.Integer() }),
    { event: Type.Object({}) },
  ),
  "tree.place": method("command", sandbox({ staged: text, path: text, overwrite: optional(Type.Boolean()) }), created),
  "tree.discard": method("command", sandbox({ staged: text }), none),
  "tree.mkdir": method("command", sandbox({ path: text }), created),
  "tree.rename": method("command", sandbox({ from: text, to: text, overwrite: optional(Type.Boolean()) }), none),
  "tree.remove": method("command", sandbox({ path: text, recursive: optional(Type.Boolean()), ifMatch: optional(text) }), none),
  "tree.walk": method("query", sandbox({ under: optional(text), skip: optional(Type.Array(text)) }), none, { event: Type.Array(entry) }),
  "tree.watch": method("command", sandbox({ skip: optional(Type.Array(text)) }), none, {
    event: Type.Array(change),
    endsWithClient: true,
    isOpenEnded: true,
  }),
  "tree.readLink": method("query", sandbox({ path: text }), Type.Union([text, none])),
  /** The files of the source follow. */
  "tree.copyIn": method("command", sandbox({ source: text, to: optional(text) }), none, { input: sourceFile }),
  "tree.link": method("command", sandbox({ path: text, target: text }), none),

  /** The runner asks for the content of attachments: it follows as bytes, then `isEnd`. It can ask again. */
  "history.capture": method(
    "command",
    sandbox({
      name: text,
      attachments: Type.Array(Type.Object({ path: text, size: Type.Number() })),
      maxFileBytes: optional(Type.Number()),
    }),
    point,
    { event: Type.Object({ attachment: text }), input: Type.Object({ isEnd: Type.Literal(true) }) },
  ),
  "history.find": method("query", sandbox({ name: text }), Type.Union([point, none])),
  "history.names": method("query", sandbox({ prefix: optional(text) }), none, { event: Type.Array(text) }),
  "history.remove": method("command", sandbox({ names: Type.Array(text) }), none),
  "history.restore": method(
    "command",
    sandbox({ name: text, keep: optional(Type.Array(text)), isFollowed: optional(Type.Boolean()) }),
    restored,
    {
      event: Type.Object({ done: Type.Number(), total: Type.Number() }),
    },
  ),
  "history.compare": method(
    "query",
    sandbox({
      from: text,
      to: text,
      path: optional(text),
      withoutIgnored: optional(Type.Boolean()),
      maxPatchBytes: optional(Type.Number()),
      maxFiles: optional(Type.Number()),
    }),
    comparison,
  ),
  /**
   * Each entry, then its content and `isEnd`: at once if it `follows`, otherwise when the client asks for it. The client answers the other
   * ones with whether it wants their content.
   */
  "history.read": method("stream", sandbox({ name: text }), none, {
    event: Type.Union([Type.Object({ entry: keptEntry, follows: Type.Boolean() }), Type.Object({ isEnd: Type.Literal(true) })]),
    input: Type.Object({ isWanted: Type.Boolean() }),
  }),
  "history.attachment": method("stream", sandbox({ name: text, path: text }), none, {
    event: Type.Union([Type.Object({ size: Type.Number() }), none]),
  }),
  /** Since protocol 1.2. First the facts, then the bundle. */
  "history.exportPoint": method("stream", sandbox({ name: text, base: optional(text) }), none, {
    event: Type.Object({ commit: text, isFull: Type.Boolean() }),
  }),
  /** Since protocol 1.2. The bundle follows. */
  "history.importPoint": method("command", sandbox({ name: text, commit: text, bytes: Type.Number() }), point, { endsWithClient: true }),
  "history.tidy": method("command", sandbox({}), none),
} satisfies Record<string, Method>;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
export type Args<M extends MethodName> = Static<Methods[M]["args"]>;
export type Result<M extends MethodName> = Static<Methods[M]["result"]>;
export type EventOf<M extends MethodName> = Static<Methods[M]["event"]>;
export type Input<M extends MethodName> = Static<Methods[M]["input"]>;
