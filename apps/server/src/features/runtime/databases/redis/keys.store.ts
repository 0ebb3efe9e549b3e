import {
  maxCellLength,
  maxCellReadLength,
  type RedisChange,
  type RedisInfo,
  type RedisKey,
  type RedisKeyPage,
  type RedisValue,
} from "@tesslate/contract";
import { AppError, badRequest, notFound } from "../../../../platform/errors.ts";
import { maxPageBytes } from "../engine.ts";
import { bytesOf, textOf } from "./commands.ts";
import { RedisFailure, type RedisSession, type Reply } from "./connections.store.ts";

/** Rounds of SCAN that one page makes at most: a pattern can match nothing in a million keys. */
const maxRounds = 200;
const scanCount = 500;
const scanMs = 2_000;

const list = (reply: Reply): Reply[] => (Array.isArray(reply) ? reply : []);
const bytes = (reply: Reply | undefined): Buffer =>
  Buffer.isBuffer(reply) ? reply : Buffer.from(reply === null || reply === undefined ? "" : String(reply));
const number = (reply: Reply | undefined): number => Number(typeof reply === "number" ? reply : bytes(reply).toString());
const types = ["string", "hash", "list", "set", "zset", "stream"] as const;
const typeOf = (reply: Reply): RedisKey["type"] => {
  const text = bytes(reply).toString();
  return types.find((one) => one === text) ?? "other";
};
const ttlOf = (reply: Reply): number | null => (number(reply) >= 0 ? number(reply) : null);

/** The next keys that match. `cursor` is Redis' own; a page can have fewer keys than `limit` although there are more. */
export async function scanKeys(
  { send }: RedisSession,
  {
    pattern,
    type,
    cursor = "0",
    limit,
  }: { pattern?: string | undefined; type?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<RedisKeyPage> {
  const found = new Map<string, Buffer>();
  const begin = performance.now();
  let at = cursor;
  for (let round = 0; round < maxRounds; round += 1) {
    const options = [...(pattern ? ["MATCH", pattern] : []), ...(type ? ["TYPE", type] : [])];
    const [next, keys] = list(await send("SCAN", at, ...options, "COUNT", pattern || type ? scanCount : limit));
    at = bytes(next).toString();
    for (const key of list(keys ?? [])) found.set(bytes(key).toString("latin1"), bytes(key));
    if (at === "0" || found.size >= limit || performance.now() - begin > scanMs) break;
  }
  const keys = await Promise.all(
    [...found.values()].map(async (key): Promise<RedisKey> => {
      const [kind, ttl] = await Promise.all([send("TYPE", key), send("PTTL", key)]);
      const { text, is_binary } = textOf(key);
      return { key: text, is_binary, type: typeOf(kind), ttl_ms: ttlOf(ttl) };
    }),
  );
  return { keys: keys.toSorted((a, b) => (a.key < b.key ? -1 : 1)), cursor: at === "0" ? null : at, total: number(await send("DBSIZE")) };
}

const cut = (value: Buffer): { value: string; is_binary: boolean; is_truncated: boolean } => {
  const { text, is_binary } = textOf(value);
  return { value: text.slice(0, maxCellLength), is_binary, is_truncated: text.length > maxCellLength };
};
const pairs = (replies: readonly Reply[]): [Buffer, Buffer][] =>
  Array.from({ length: Math.floor(replies.length / 2) }, (_, index) => [bytes(replies[2 * index]), bytes(replies[2 * index + 1])]);
const whole = (cursor: string | undefined): number => {
  const at = Number(cursor ?? "0");
  if (!Number.isSafeInteger(at) || at < 0) throw badRequest("`cursor` must be `next` of a page of the same key.");
  return at;
};

/** A page of a value. Throws 404. */
export async function readValue(
  { send }: RedisSession,
  { key: name, isBinary, cursor, limit }: { key: string; isBinary: boolean; cursor: string | undefined; limit: number },
): Promise<RedisValue> {
  const key = bytesOf(name, isBinary);
  const [kind, ttl, encoding, memory] = await Promise.all([
    send("TYPE", key),
    send("PTTL", key),
    send("OBJECT", "ENCODING", key).catch(() => null),
    send("MEMORY", "USAGE", key).catch(() => null),
  ]);
  const type = typeOf(kind);
  if (bytes(kind).toString() === "none") throw notFound("Key");
  const common = {
    key: name,
    is_binary: isBinary,
    type,
    ttl_ms: ttlOf(ttl),
    encoding: encoding === null ? null : bytes(encoding).toString(),
    memory_bytes: memory === null ? null : number(memory),
  };
  const entry = (field: Buffer, value: Buffer) => ({ field: textOf(field).text.slice(0, maxCellLength), ...cut(value) });
  switch (type) {
    case "string": {
      const length = number(await send("STRLEN", key));
      const value = bytes(await send("GETRANGE", key, 0, maxCellReadLength - 1));
      // A character can be cut at the end.
      const ends = length > value.byteLength ? [0, 1, 2, 3] : [0];
      const end = ends.map((less) => value.subarray(0, value.byteLength - less)).find((part) => !textOf(part).is_binary) ?? value;
      const { text, is_binary } = textOf(end);
      return { ...common, length, entries: [{ field: "", value: text, is_binary, is_truncated: length > end.byteLength }], next: null };
    }
    case "list": {
      const at = whole(cursor);
      const length = number(await send("LLEN", key));
      const values = list(await send("LRANGE", key, at, at + limit - 1));
      return {
        ...common,
        length,
        entries: values.map((value, index) => ({ field: String(at + index), ...cut(bytes(value)) })),
        next: at + values.length < length && values.length > 0 ? String(at + values.length) : null,
      };
    }
    case "zset": {
      const at = whole(cursor);
      const length = number(await send("ZCARD", key));
      const found = pairs(list(await send("ZRANGE", key, at, at + limit - 1, "WITHSCORES")));
      return {
        ...common,
        length,
        entries: found.map(([member, score]) => entry(member, score)),
        next: at + found.length < length && found.length > 0 ? String(at + found.length) : null,
      };
    }
    case "hash":
    case "set": {
      const isHash = type === "hash";
      const length = number(await send(isHash ? "HLEN" : "SCARD", key));
      const [next, found] = list(await send(isHash ? "HSCAN" : "SSCAN", key, String(whole(cursor)), "COUNT", limit));
      const at = bytes(next).toString();
      const replies = list(found ?? []);
      return {
        ...common,
        length,
        entries: isHash
          ? pairs(replies).map(([field, value]) => entry(field, value))
          : replies.map((member) => ({ field: "", ...cut(bytes(member)) })),
        next: at === "0" ? null : at,
      };
    }
    case "stream": {
      if (cursor !== undefined && !/^\d+-\d+$/.test(cursor)) throw badRequest("`cursor` must be `next` of a page of the same key.");
      const length = number(await send("XLEN", key));
      const found = list(await send("XRANGE", key, cursor === undefined ? "-" : `(${cursor}`, "+", "COUNT", limit));
      const entries = found.map((one) => {
        const [id, fields] = list(one);
        const text = pairs(list(fields ?? []))
          .map(([field, value]) => `${textOf(field).text}: ${textOf(value).text}`)
          .join("\n");
        return { field: bytes(id).toString(), ...cut(Buffer.from(text)) };
      });
      return { ...common, length, entries, next: found.length === limit ? (entries.at(-1)?.field ?? null) : null };
    }
    default:
      return { ...common, length: null, entries: [], next: null };
  }
}

const changed = (): AppError => new AppError("row_changed", "Someone else changed this key. Load it again.");
/** Redis answers an aborted transaction with null. */
async function transact({ send }: RedisSession, commands: (readonly [string, ...(string | Buffer | number)[]])[]): Promise<void> {
  await send("MULTI");
  for (const [command, ...values] of commands) await send(command, ...values);
  const done = await send("EXEC");
  if (done === null) throw changed();
  const failed = list(done).find((one) => one instanceof Error);
  if (failed instanceof Error) throw new RedisFailure(failed.message);
}

/** Makes a change, if the key still is what it was when it began, and returns the change that undoes it; null if that is too large. */
export async function changeKey(session: RedisSession, change: RedisChange): Promise<RedisChange | null> {
  const { send } = session;
  const isBinary = change.is_binary ?? false;
  const key = bytesOf(change.key, isBinary);
  const of = { key: change.key, ...(isBinary && { is_binary: true }) };
  await send("WATCH", key);
  const type = bytes(await send("TYPE", key)).toString();
  const exists = type !== "none";
  if (!exists && change.kind !== "set" && change.kind !== "restore" && !(change.kind === "entry" && change.type)) throw notFound("Key");
  /** The whole key, as the database writes it for itself. */
  const backup = async (): Promise<RedisChange | null> => {
    if (!exists) return { kind: "delete", ...of };
    if (number(await send("MEMORY", "USAGE", key).catch(() => 0)) > maxPageBytes) return null;
    const dump = bytes(await send("DUMP", key));
    const ttl = number(await send("PTTL", key));
    return dump.byteLength > maxPageBytes / 2
      ? null
      : { kind: "restore", ...of, dump: dump.toString("base64"), ttl_ms: ttl > 0 ? ttl : null };
  };
  switch (change.kind) {
    case "set": {
      if (exists && type !== "string") throw badRequest(`The key holds a ${type}. Delete it before you set a text.`);
      const inverse = await backup();
      if (change.expected !== undefined) {
        const now = exists ? bytes(await send("GET", key)) : null;
        if (change.expected === null ? now !== null : !now?.equals(bytesOf(change.expected, change.is_binary_value))) throw changed();
      }
      await transact(session, [["SET", key, bytesOf(change.value, change.is_binary_value), "KEEPTTL"]]);
      return inverse;
    }
    case "delete": {
      const inverse = await backup();
      await transact(session, [["DEL", key]]);
      return inverse;
    }
    case "restore": {
      const inverse = await backup();
      await transact(session, [["RESTORE", key, change.ttl_ms ?? 0, Buffer.from(change.dump, "base64"), "REPLACE"]]);
      return inverse;
    }
    case "expire": {
      const ttl = number(await send("PTTL", key));
      await transact(session, [change.ttl_ms === null ? ["PERSIST", key] : ["PEXPIRE", key, change.ttl_ms]]);
      return { kind: "expire", ...of, ttl_ms: ttl > 0 ? ttl : null };
    }
    case "entry":
      return changeEntry(session, change, { key, type: exists ? type : (change.type ?? "") });
    default:
      throw badRequest("Unknown change.");
  }
}

async function changeEntry(
  session: RedisSession,
  change: Extract<RedisChange, { kind: "entry" }>,
  { key, type }: { key: Buffer; type: string },
): Promise<RedisChange> {
  const { send } = session;
  const { field, value, expected } = change;
  const given = Buffer.from(field);
  const ask = (): Promise<Reply> => {
    if (type === "hash") return send("HGET", key, given);
    if (type === "zset") return send("ZSCORE", key, given);
    if (type === "list") return send("LINDEX", key, Number(field));
    if (type === "set") return send("SISMEMBER", key, given);
    throw badRequest("Entries of this type can't be changed here. Use the console.");
  };
  const before = await ask();
  const old = type === "set" ? (before === 1 ? "" : null) : before === null ? null : bytes(before);
  const oldText = Buffer.isBuffer(old) ? textOf(old) : { text: old, is_binary: false };
  if (expected !== undefined && expected !== oldText.text) throw changed();
  if (oldText.is_binary) throw badRequest("This entry holds bytes that are no text. Change it with the console.");
  if (type === "list" && (value === null || old === null))
    throw badRequest("Entries of a list can be changed here, but not added or removed. Use the console.");
  if (type === "zset" && value !== null && !/^[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)$/i.test(value))
    throw badRequest("A score is a number.");
  const commands: Record<string, readonly [string, string]> = {
    hash: ["HDEL", "HSET"],
    zset: ["ZREM", "ZADD"],
    list: ["", "LSET"],
    set: ["SREM", "SADD"],
  };
  const [remove, add] = commands[type] ?? ["", ""];
  if (value === null) await transact(session, [[remove, key, given]]);
  else if (type === "zset") await transact(session, [[add, key, value, given]]);
  else if (type === "set") await transact(session, [[add, key, given]]);
  else await transact(session, [[add, key, type === "list" ? Number(field) : given, value]]);
  const kind = (["hash", "zset", "set", "list"] as const).find((one) => one === type);
  return {
    kind: "entry",
    key: change.key,
    ...(change.is_binary && { is_binary: true }),
    field,
    value: oldText.text,
    ...(kind && { type: kind }),
    expected: value,
  };
}

/** Figures of the server. */
export async function readInfo({ send }: RedisSession): Promise<RedisInfo> {
  const text = bytes(await send("INFO")).toString();
  const facts = new Map([...text.matchAll(/^([a-z_0-9]+):(.*?)\r?$/gm)].map(([, name = "", value = ""]) => [name, value]));
  const figure = (name: string): number => Number(facts.get(name) ?? 0) || 0;
  const [hits, misses] = [figure("keyspace_hits"), figure("keyspace_misses")];
  return {
    version: facts.get("valkey_version") ?? facts.get("redis_version") ?? "",
    uptime_s: figure("uptime_in_seconds"),
    keys: number(await send("DBSIZE")),
    used_memory_bytes: figure("used_memory"),
    peak_memory_bytes: figure("used_memory_peak"),
    max_memory_bytes: figure("maxmemory") || null,
    clients: figure("connected_clients"),
    commands_per_s: figure("instantaneous_ops_per_sec"),
    hit_rate: hits + misses === 0 ? null : hits / (hits + misses),
    evicted_keys: figure("evicted_keys"),
    expired_keys: figure("expired_keys"),
    is_persisted: facts.get("aof_enabled") === "1",
  };
}
