/** Keywords that are kept. `pattern` is not, because it could take unbounded time. */
const plain = new Set([
  "type",
  "title",
  "description",
  "default",
  "enum",
  "const",
  "required",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
]);
const lists = new Set(["anyOf", "oneOf", "allOf"]);
const maxNodes = 300;
const maxDepth = 10;
const maxText = 500;
const maxBytes = 24_000;

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Sanitizes an untrusted JSON schema for models and validation: an object with properties, of limited size, with local references resolved. Parts that are
 * too large, too deep or unknown accept anything. Never throws.
 */
export function sanitizeSchema(given: unknown): Json & { type: "object"; properties: Record<string, Json> } {
  let nodes = 0;
  const root = isObject(given) ? given : {};
  const at = (pointer: string): unknown =>
    pointer
      .slice(2)
      .split("/")
      .reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), root);
  const node = (value: unknown, depth: number): Json => {
    nodes += 1;
    if (!isObject(value) || depth > maxDepth || nodes > maxNodes) return {};
    if (typeof value["$ref"] === "string") return value["$ref"].startsWith("#/") ? node(at(value["$ref"]), depth + 1) : {};
    const out: Json = {};
    for (const [key, item] of Object.entries(value)) {
      if (plain.has(key)) out[key] = typeof item === "string" ? item.slice(0, maxText) : item;
      else if (key === "properties" && isObject(item))
        out[key] = Object.fromEntries(
          Object.entries(item)
            .filter(([name]) => name.length <= 100 && name !== "__proto__")
            .slice(0, 100)
            .map(([name, schema]) => [name, node(schema, depth + 1)]),
        );
      else if ((key === "items" || key === "additionalProperties") && isObject(item)) out[key] = node(item, depth + 1);
      else if (key === "additionalProperties" && typeof item === "boolean") out[key] = item;
      else if (lists.has(key) && Array.isArray(item)) out[key] = item.slice(0, 20).map((schema) => node(schema, depth + 1));
    }
    if (out["type"] !== undefined && !isType(out["type"])) delete out["type"];
    if (out["required"] !== undefined && !isNames(out["required"])) delete out["required"];
    if (out["enum"] !== undefined && !Array.isArray(out["enum"])) delete out["enum"];
    return out;
  };
  const read = node(root, 0);
  const properties = isObject(read["properties"]) ? (read["properties"] as Record<string, Json>) : {};
  const schema = { ...read, type: "object" as const, properties };
  return JSON.stringify(schema).length > maxBytes ? { type: "object", properties: {} } : schema;
}

const types = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);
const isType = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((one) => types.has(one as string)) : types.has(value as string);
const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === "string");
