import { maxCellLength } from "@tesslate/contract";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import type { Reply } from "./connections.store.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));
/** Commands that only read. Of those with subcommands, the subcommand is named. */
const reading = words(
  `
  GET MGET STRLEN GETRANGE EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME HGET HMGET HLEN HEXISTS HSTRLEN HKEYS HVALS HGETALL HSCAN HRANDFIELD
  LRANGE LINDEX LLEN LPOS SCARD SISMEMBER SMISMEMBER SMEMBERS SSCAN SRANDMEMBER SINTER SINTERCARD SUNION SDIFF ZCARD ZCOUNT ZRANGE ZREVRANGE
  ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZLEXCOUNT ZSCORE ZMSCORE ZRANK ZREVRANK ZSCAN ZRANDMEMBER ZINTER ZUNION ZDIFF
  XLEN XRANGE XREVRANGE XINFO XPENDING BITCOUNT BITPOS GETBIT BITFIELD_RO GEOPOS GEODIST GEOHASH GEOSEARCH SORT_RO DUMP LCS SCAN DBSIZE INFO TIME
  PING ECHO LASTSAVE RANDOMKEY OBJECT|ENCODING OBJECT|FREQ OBJECT|IDLETIME OBJECT|REFCOUNT MEMORY|USAGE COMMAND|COUNT COMMAND|INFO SLOWLOG|GET
  SLOWLOG|LEN`.trim(),
);
const withSubcommand = words("OBJECT MEMORY COMMAND SLOWLOG");
/** Commands that a console cannot run: they change the server itself, belong to a lasting connection, or read all keys at once. */
const refused = words(
  `
  SHUTDOWN DEBUG CONFIG SAVE BGSAVE BGREWRITEAOF REPLICAOF SLAVEOF MODULE CLUSTER MIGRATE FAILOVER SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE
  PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC ACL AUTH HELLO RESET QUIT CLIENT SELECT SWAPDB MULTI EXEC DISCARD WATCH UNWATCH LATENCY SCRIPT WAIT WAITAOF`.trim(),
);

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\u0007" };
/** Reads a command as redis-cli does: words, `"texts"` with escapes and `'texts'` without. */
export function parseCommand(line: string): Buffer[] {
  const found: Buffer[] = [];
  const text = line.trim();
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at] ?? "")) {
      at += 1;
      continue;
    }
    const quote = text[at] === '"' || text[at] === "'" ? text[at] : undefined;
    if (quote === undefined) {
      const [word = ""] = /^[^\s"']+/.exec(text.slice(at)) ?? [];
      if (word === "") throw badRequest("Put a space between values.");
      found.push(Buffer.from(word));
      at += word.length;
    } else {
      const parts: Buffer[] = [];
      let isClosed = false;
      for (at += 1; at < text.length && !isClosed;) {
        const [one = ""] = /^(?:\\x[0-9a-fA-F]{2}|\\[\s\S]|[\s\S])/u.exec(text.slice(at)) ?? [];
        at += one.length;
        if (one === quote) isClosed = true;
        else if (quote === '"' && one.startsWith("\\x") && one.length === 4) parts.push(Buffer.from(one.slice(2), "hex"));
        else if (one.length > 1 && one.startsWith("\\") && (quote === '"' || one === "\\'"))
          parts.push(Buffer.from(escapes[one.slice(1)] ?? one.slice(1)));
        else parts.push(Buffer.from(one));
      }
      if (!isClosed) throw badRequest("Close the quotes.");
      if (at < text.length && !/\s/.test(text[at] ?? "")) throw badRequest("Put a space after the quotes.");
      found.push(Buffer.concat(parts));
    }
  }
  if (found.length === 0) throw badRequest("Enter a command.");
  return found;
}

/** Throws `read_only_query` for a command that may write, unless `write`, and 400 for one that cannot run here at all. */
export function requireAllowed(values: readonly Buffer[], write: boolean): void {
  const name = String(values[0]).toUpperCase();
  if (name === "KEYS") throw badRequest("KEYS reads every key at once and blocks the database until it ends. Use SCAN.");
  if (refused.has(name)) throw badRequest(`${name.slice(0, 40)} can't be run here. Use a terminal for it.`);
  const full = withSubcommand.has(name) ? `${name}|${String(values[1] ?? "").toUpperCase()}` : name;
  if (write || reading.has(full)) return;
  throw new AppError("read_only_query", `${full.replace("|", " ").slice(0, 80)} can change data. Allow changes to run it.`);
}

/** Bytes as text. What is no UTF-8 is written as `\x` and hexadecimal digits, as the other databases write bytes. */
export function textOf(bytes: Buffer): { text: string; is_binary: boolean } {
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? { text, is_binary: false } : { text: `\\x${bytes.toString("hex")}`, is_binary: true };
}
export const bytesOf = (text: string, isBinary = false): Buffer =>
  isBinary && /^\\x(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text.slice(2), "hex") : Buffer.from(text, "utf8");

const maxLines = 1_000;
/** An answer as redis-cli prints it. */
export function printReply(reply: Reply): { text: string; is_truncated: boolean } {
  const lines: string[] = [];
  let isTruncated = false;
  const print = (one: Reply, lead: string, indent: string): void => {
    if (lines.length >= maxLines) {
      isTruncated = true;
      return;
    }
    if (Array.isArray(one)) {
      if (one.length === 0) lines.push(`${lead}(empty array)`);
      const width = String(one.length).length;
      for (const [index, each] of one.entries()) {
        const number = `${String(index + 1).padStart(width)}) `;
        print(each, `${index === 0 ? lead : indent}${number}`, `${indent}${" ".repeat(number.length)}`);
      }
    } else if (one === null) lines.push(`${lead}(nil)`);
    else if (typeof one === "number") lines.push(`${lead}(integer) ${one}`);
    else if (one instanceof Error) lines.push(`${lead}(error) ${one.message.slice(0, maxCellLength)}`);
    else {
      const { text } = textOf(one);
      if (text.length > maxCellLength) isTruncated = true;
      lines.push(`${lead}${JSON.stringify(text.slice(0, maxCellLength))}${text.length > maxCellLength ? "…" : ""}`);
    }
  };
  if (Buffer.isBuffer(reply)) {
    // INFO and others answer with lines.
    const { text } = textOf(reply);
    const shown = text.slice(0, 16 * maxCellLength);
    return { text: /\r?\n/.test(shown) ? shown.replaceAll("\r\n", "\n") : JSON.stringify(shown), is_truncated: shown.length < text.length };
  }
  print(reply, "", "");
  return { text: lines.join("\n"), is_truncated: isTruncated };
}
