import { sql, type SQL } from "drizzle-orm";
import { nodePgCodecs } from "drizzle-orm/node-postgres/codecs";

/**
 * What programs, models and people write may hold NUL characters and halves of surrogate pairs; PostgreSQL holds neither. Here they become U+FFFD,
 * for every value of a text or JSON column (`storableCodecs`) and for JSON that a statement is given beside its columns (`asJsonb`).
 */
export const storableText = (text: string): string => text.replaceAll("\0", "\ufffd").toWellFormed();

export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text;
  return JSON.stringify(storable(value));
}

/** Names of fields are texts too. */
function storable(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null) return value;
  // What writes itself as something else (a date) is that.
  if ("toJSON" in value) return storable(JSON.parse(JSON.stringify(value)));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [storableText(name), storable(part)]));
}

const inText = (value: unknown): unknown =>
  typeof value === "string" ? storableText(value) : Array.isArray(value) ? value.map(inText) : value;
const text = { normalizeParam: inText, normalizeParamArray: inText };

/** How the columns' values reach the driver. */
export const storableCodecs: typeof nodePgCodecs = {
  ...nodePgCodecs,
  text: { ...nodePgCodecs.text, ...text },
  varchar: { ...nodePgCodecs.varchar, ...text },
  jsonb: { ...nodePgCodecs.jsonb, normalizeParam: storableJson },
};

/** A value inside a statement, as `jsonb`. */
export const asJsonb = (value: unknown): SQL => sql`${storableJson(value)}::jsonb`;
