import { sql, type SQL } from "drizzle-orm";
import { nodePgCodecs } from "drizzle-orm/node-postgres/codecs";

/**
 * Text may contain NUL characters and unpaired surrogates, which PostgreSQL rejects. They are replaced with U+FFFD
 * in every value of a text or JSON column (`postgresTextCodecs`) and in other JSON parameters (`asJsonb`).
 */
export const storableText = (text: string): string => text.replaceAll("\0", "\ufffd").toWellFormed();

export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text;
  return JSON.stringify(storable(value));
}

/** Field names are replaced too. */
function storable(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null) return value;
  // Respect `toJSON`, e.g. of dates.
  if ("toJSON" in value) return storable(JSON.parse(JSON.stringify(value)));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [storableText(name), storable(part)]));
}

const inText = (value: unknown): unknown =>
  typeof value === "string" ? storableText(value) : Array.isArray(value) ? value.map(inText) : value;
const text = { normalizeParam: inText, normalizeParamArray: inText };

/** Codecs of column values. */
export const postgresTextCodecs: typeof nodePgCodecs = {
  ...nodePgCodecs,
  text: { ...nodePgCodecs.text, ...text },
  varchar: { ...nodePgCodecs.varchar, ...text },
  jsonb: { ...nodePgCodecs.jsonb, normalizeParam: storableJson },
};

/** A `jsonb` parameter. */
export const asJsonb = (value: unknown): SQL => sql`${storableJson(value)}::jsonb`;
