import { described, Literals, Nullable, Type, type Static } from "./schema.ts";
import { maxCellLength, maxCellReadLength, maxDataPage } from "./limits.ts";
import { confirmsWrite, databaseErrors, databasePath, databaseRoute } from "./database-route.ts";
import { route } from "./route.ts";

const keyName = Type.String({ minLength: 1, maxLength: 10_000 });
const isBinary = described("It is no UTF-8 text and written as `\\\\x` with hexadecimal digits", Type.Boolean());
const keyTypes = ["string", "hash", "list", "set", "zset", "stream"] as const;
const KeyType = Literals(...keyTypes, "other");
const TimeToLive = described("Milliseconds until it expires; null if it does not", Nullable(Type.Integer()));
export const RedisKey = described(
  "A key of a Redis.",
  Type.Object({ key: Type.String(), is_binary: isBinary, type: KeyType, ttl_ms: TimeToLive }),
);
export type RedisKey = Static<typeof RedisKey>;
export const RedisKeyPage = Type.Object({
  keys: described("Can be fewer or more than `limit`, and a key can be in two pages while keys are added or deleted", Type.Array(RedisKey)),
  cursor: described("For the next page; null on the last one", Nullable(Type.String())),
  total: described("Keys of the whole database", Type.Integer()),
});
export type RedisKeyPage = Static<typeof RedisKeyPage>;
export const RedisValue = described(
  "A page of the value of a key.",
  Type.Object({
    ...RedisKey.properties,
    encoding: described("How Redis stores it; null if unknown", Nullable(Type.String())),
    memory_bytes: Nullable(Type.Integer()),
    length: described("Bytes of a string, entries of the other types; null for other types", Nullable(Type.Integer())),
    entries: described(
      "One for a string. `field`: of a hash, the member of a sorted set (its score is the value), the index in a list, the id in a stream; empty for strings and sets.",
      Type.Array(Type.Object({ field: Type.String(), value: Type.String(), is_binary: isBinary, is_truncated: Type.Boolean() })),
    ),
    next: described("For `cursor`; null on the last page", Nullable(Type.String())),
  }),
);
export type RedisValue = Static<typeof RedisValue>;

const ofKey = { key: keyName, is_binary: Type.Optional(Type.Boolean()) };
const redisText = Type.String({ maxLength: maxCellReadLength });
export const RedisChange = described(
  "Changes one key. `expected`: what the value or entry must still be (409 `row_changed`); null if it must not exist.",
  Type.Union([
    Type.Object({
      kind: Type.Literal("set"),
      ...ofKey,
      value: redisText,
      is_binary_value: Type.Optional(Type.Boolean()),
      expected: Type.Optional(Nullable(redisText)),
    }),
    Type.Object({ kind: Type.Literal("delete"), ...ofKey }),
    Type.Object({ kind: Type.Literal("expire"), ...ofKey, ttl_ms: Nullable(Type.Integer({ minimum: 1 })) }),
    Type.Object({
      kind: Type.Literal("entry"),
      ...ofKey,
      field: described("Of a hash; the member of a set or sorted set; the index in a list", Type.String({ maxLength: 10_000 })),
      value: described("Null removes the entry. The score of a sorted set; anything for a set", Nullable(redisText)),
      type: described("The type of a key that does not exist yet", Type.Optional(Literals("hash", "list", "set", "zset"))),
      expected: Type.Optional(Nullable(redisText)),
    }),
    Type.Object({
      kind: Type.Literal("restore"),
      ...ofKey,
      dump: described("Of an inverse", Type.String({ maxLength: 6 * 1024 * 1024 })),
      ttl_ms: Nullable(Type.Integer({ minimum: 1 })),
    }),
  ]),
);
export type RedisChange = Static<typeof RedisChange>;

export const RedisInfo = described(
  "Figures of a Redis.",
  Type.Object({
    version: Type.String(),
    uptime_s: Type.Integer(),
    keys: Type.Integer(),
    used_memory_bytes: Type.Integer(),
    peak_memory_bytes: Type.Integer(),
    max_memory_bytes: described("Null without a limit", Nullable(Type.Integer())),
    clients: Type.Integer(),
    commands_per_s: Type.Integer(),
    hit_rate: described("Share of reads that found their key, from 0 to 1; null without reads", Nullable(Type.Number())),
    evicted_keys: Type.Integer(),
    expired_keys: Type.Integer(),
    is_persisted: described("Changes are written to an append-only file", Type.Boolean()),
  }),
);
export type RedisInfo = Static<typeof RedisInfo>;

const commandText = Type.String({ minLength: 1, maxLength: 100_000, pattern: "\\S", description: 'As in redis-cli: `SET name "a b"`' });
export const RedisReply = Type.Object({
  text: described("As redis-cli prints it", Type.String()),
  is_truncated: Type.Boolean(),
  duration_ms: Type.Integer(),
});
export type RedisReply = Static<typeof RedisReply>;

/** The keys of a Redis. */
export const redisRoutes = {
  keys: route({
    ...databaseRoute,
    method: "GET",
    path: `${databasePath}/keys`,
    summary: "List Redis keys",
    description:
      "A page of keys by SCAN, with type and time to live. The order is Redis' own; a page is sorted by name. Limited to about 2 seconds.",
    query: Type.Object({
      pattern: Type.Optional(Type.String({ maxLength: 1_000, description: "Glob pattern: `user:*`. Default: all keys" })),
      type: Type.Optional(Literals(...keyTypes)),
      cursor: Type.Optional(
        Type.String({ pattern: "^[0-9]{1,20}$", description: "`cursor` of the page before, with the same pattern and type" }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
    }),
    response: RedisKeyPage,
    errors: [...databaseErrors, "payload_too_large"],
  }),
  value: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/keys/value`,
    readsOnly: true,
    summary: "Read Redis value",
    description: `A page of the value of a key. Texts of entries are cut after ${maxCellLength} characters, a string after ${maxCellReadLength} bytes.`,
    body: Type.Object({
      ...ofKey,
      cursor: Type.Optional(Type.String({ maxLength: 100 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxDataPage, default: 100 })),
    }),
    response: RedisValue,
    errors: [...databaseErrors, "bad_request", "payload_too_large"],
  }),
  changeKey: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/keys/changes`,
    summary: "Change Redis key",
    description:
      "Sets, deletes or restores a key, changes when it expires, or one of its entries. The key must still be what it was when the change began. Sends `data_changed`.",
    bodyLimit: 8 * 1024 * 1024,
    body: Type.Object({ change: RedisChange }),
    response: Type.Object({ inverse: described("The change that undoes this one; null if the key is too large", Nullable(RedisChange)) }),
    errors: [...databaseErrors, "bad_request", "row_changed", "payload_too_large"],
  }),
  info: route({
    ...databaseRoute,
    method: "GET",
    path: `${databasePath}/info`,
    summary: "Get Redis figures",
    description: "Memory, clients, keys and hit rate of a Redis, as it reports them.",
    response: RedisInfo,
    errors: [...databaseErrors, "payload_too_large"],
  }),
  command: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/command`,
    readsOnly: true,
    summary: "Run Redis command",
    description:
      "Runs one command that only reads; others are 403 `read_only_query`. `KEYS` is refused. Limited to 30 seconds and an answer of 4 MB.",
    body: Type.Object({ command: commandText }),
    response: RedisReply,
    errors: [...databaseErrors, "bad_request", "read_only_query", "payload_too_large"],
  }),
  executeCommand: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/command/execute`,
    summary: "Execute Redis command",
    description:
      "Runs one command that may write. Commands that change the server itself or subscribe to it are refused. Sends `data_changed`.",
    body: Type.Object({ command: commandText, write: confirmsWrite }),
    response: RedisReply,
    errors: [...databaseErrors, "bad_request", "payload_too_large"],
  }),
};
