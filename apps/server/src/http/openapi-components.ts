import * as contractExports from "@tesslate/contract";

export type Json = Record<string, unknown>;

/** Keywords that may stand beside a `$ref`: they describe the use, not the schema. */
const siblingKeywords = ["description", "default", "deprecated"] as const;

/** An object with fewer fields in common with another is not one that was extended. */
const minBaseFields = 4;

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isSchema = (value: unknown): value is Json =>
  isRecord(value) && (typeof value["type"] === "string" || Array.isArray(value["anyOf"]) || Array.isArray(value["oneOf"]));
const isObject = (schema: Json) => isRecord(schema["properties"]) && Object.keys(schema["properties"]).length > 0;
const isNull = (schema: Json) => schema["type"] === "null";
/** Objects, enumerations and unions of objects; everything else is short enough to stand where it is used. */
const isWorthAName = (schema: Json) =>
  isObject(schema) || Array.isArray(schema["enum"]) || Array.isArray(schema["oneOf"]) || optionsOf(schema).length > 1;
const optionsOf = (schema: Json): Json[] => ((schema["anyOf"] ?? []) as Json[]).filter((option) => !isNull(option));

/** Schemas are values that do not change; computing an identity is most of the work. */
const identities = new WeakMap<Json, string>();
const nestedIdentities = new WeakMap<Json, string>();

/**
 * Equal for schemas that mean the same: independent of the order of keys, of the description of the use, and of whether unknown fields are refused,
 * which is so for all bodies.
 */
function identityOf(schema: unknown, isRoot = true): string {
  if (Array.isArray(schema)) return `[${schema.map((part) => identityOf(part, false)).join()}]`;
  if (!isRecord(schema)) return JSON.stringify(schema) ?? "null";
  const known = (isRoot ? identities : nestedIdentities).get(schema);
  if (known !== undefined) return known;
  const entries = Object.entries(schema)
    .filter(([key, value]) => value !== undefined && !(isRoot && siblingKeywords.some((word) => word === key)))
    .filter(([key, value]) => !(key === "additionalProperties" && value === false && isRecord(schema["properties"])))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const identity = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${identityOf(value, false)}`).join()}}`;
  (isRoot ? identities : nestedIdentities).set(schema, identity);
  return identity;
}
export const pascalCase = (text: string) =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
const singular = (name: string) =>
  name.endsWith("ies") ? name.replace(/ies$/, "y") : /(ss|us|is)$/.test(name) || !name.endsWith("s") ? `${name}Item` : name.slice(0, -1);

/** The value of the property that tells the options of a union apart, e.g. `type` of an event. */
function discriminatorOf(options: Json[]): { property: string; values: string[] } | undefined {
  const constOf = (option: Json, property: string) => {
    const of = (option["properties"] as Record<string, Json> | undefined)?.[property]?.["const"];
    return typeof of === "string" ? of : undefined;
  };
  const [first] = options;
  if (!first || options.length < 2) return undefined;
  for (const property of Object.keys((first["properties"] as Json | undefined) ?? {})) {
    const values = options.map((option) => constOf(option, property));
    if (values.every((value) => value !== undefined) && new Set(values).size === values.length)
      return { property, values: values as string[] };
  }
  return undefined;
}

/**
 * The schemas of the document, each once under `components.schemas` and referenced wherever it is used. An exported schema of the contract has the name
 * of its export, a list the name of its items and `List`; the others are named after the schema where they are used first.
 */
export class Components {
  readonly schemas: Record<string, Json> = {};
  /** Schemas without an export that several operations use. The contract has to export them; the test says so. */
  readonly unnamed = new Map<string, Set<string>>();
  readonly #exported = new Map<string, string>();
  readonly #derived = new Map<string, string>();
  readonly #usedBy = new Map<string, string>();
  readonly #bases: { name: string; schema: Json; size: number }[];

  constructor(exported: Json = contractExports as unknown as Json) {
    const add = (name: string, value: unknown) => {
      if (isSchema(value) && isWorthAName(value) && !this.#exported.has(identityOf(value))) this.#exported.set(identityOf(value), name);
    };
    for (const [name, value] of Object.entries(exported)) if (/^[A-Z]/.test(name)) add(name, value);
    this.#bases = Object.entries(exported)
      .flatMap(([name, value]) => {
        if (!/^[A-Z]/.test(name) || !isSchema(value) || !isObject(value) || this.#exported.get(identityOf(value)) !== name) return [];
        const size = Object.keys(value["properties"] as Json).length;
        return size < minBaseFields ? [] : [{ name, schema: value, size }];
      })
      .sort((a, b) => b.size - a.size);
    // What the events of a stream carry: a table by their types.
    for (const [name, table] of Object.entries(exported))
      if (/^[a-z].*Data$/.test(name) && isRecord(table))
        for (const [type, value] of Object.entries(table)) add(`${pascalCase(type)}Data`, value);
  }

  /** The schema as the document shows it. `suggestion` names it if it has no other name; `operation` is who uses it. */
  refer(schema: unknown, suggestion: string, operation: string): Json {
    if (!isRecord(schema)) return {};
    const identity = identityOf(schema);
    const exported = this.#exported.get(identity);
    const options = (schema["oneOf"] ?? optionsOf(schema)) as Json[];
    const isUnion = options.length > 1 && options.every(isObject);
    if (!exported && !isObject(schema) && !(isUnion && !hasNull(schema))) return this.#inline(schema, suggestion, operation);
    const name = exported ?? this.#derivedName(identity, schema, suggestion, operation);
    if (!(name in this.schemas)) {
      // Reserved first: a schema may refer to itself.
      this.schemas[name] = {};
      const base = this.#baseOf(schema, name);
      const { description, ...shown } = base ? this.#extended(base, schema, name, operation) : this.#inline(schema, name, operation);
      const own = exported ? (contractExports as unknown as Record<string, Json>)[name]?.["description"] : description;
      this.schemas[name] = { ...(own !== undefined && { description: own }), ...shown };
    }
    const siblings = Object.fromEntries(siblingKeywords.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]]])));
    if (siblings["description"] === this.schemas[name]?.["description"]) delete siblings["description"];
    return { $ref: `#/components/schemas/${name}`, ...siblings };
  }

  /** The largest exported object that this one has all fields of: `Project` for a project with the task that sets it up. */
  #baseOf(schema: Json, name: string): { name: string; schema: Json } | undefined {
    if (schema["additionalProperties"] === false || !isObject(schema)) return undefined;
    const properties = schema["properties"] as Json;
    const required = new Set(schema["required"] as string[] | undefined);
    return this.#bases.find(
      ({ name: base, schema: baseSchema, size }) =>
        base !== name &&
        // A closed schema allows no further fields.
        (this.schemas[base] ?? baseSchema)["additionalProperties"] !== false &&
        size < Object.keys(properties).length &&
        Object.entries(baseSchema["properties"] as Json).every(
          ([field, of]) =>
            field in properties &&
            identityOf(of, false) === identityOf(properties[field], false) &&
            required.has(field) === ((baseSchema["required"] ?? []) as string[]).includes(field),
        ),
    );
  }

  #extended(base: { name: string; schema: Json }, schema: Json, name: string, operation: string): Json {
    const inherited = base.schema["properties"] as Json;
    const own = Object.entries(schema["properties"] as Json).filter(([field]) => !(field in inherited));
    const required = ((schema["required"] ?? []) as string[]).filter((field) => !(field in inherited));
    const rest = { type: "object", ...(required.length > 0 && { required }), properties: Object.fromEntries(own) };
    return {
      ...(schema["description"] !== undefined && { description: schema["description"] }),
      allOf: [this.refer(base.schema, base.name, operation), this.#inline(rest, name, operation)],
    };
  }

  #derivedName(identity: string, schema: Json, suggestion: string, operation: string): string {
    const before = this.#derived.get(identity);
    if (before) {
      if (this.#usedBy.get(identity) !== operation && before.startsWith(pascalCase(this.#usedBy.get(identity) || " "))) {
        const users = this.unnamed.get(before) ?? new Set([this.#usedBy.get(identity) ?? ""]);
        this.unnamed.set(before, users.add(operation));
      }
      return before;
    }
    const item = listItemOf(schema);
    const itemRef = item && this.refer(item, `${suggestion}Item`, operation)["$ref"];
    const wanted = typeof itemRef === "string" ? `${itemRef.split("/").at(-1)}List` : suggestion;
    let name = wanted;
    for (let n = 2; name in this.schemas; n++) name = `${wanted}${n}`;
    this.#derived.set(identity, name);
    // A list is named after what it holds, however many use it.
    this.#usedBy.set(identity, item ? "" : operation);
    if (item) this.#exported.set(identity, name);
    return name;
  }

  #inline(schema: Json, name: string, operation: string): Json {
    const shown: Json = {};
    for (const [key, value] of Object.entries(schema)) {
      if (value === undefined) continue;
      if (key === "properties")
        shown[key] = Object.fromEntries(
          Object.entries(value as Json).map(([property, of]) => [property, this.refer(of, name + pascalCase(property), operation)]),
        );
      else if (key === "items" && Array.isArray(value)) shown["prefixItems"] = value.map((of) => this.refer(of, name, operation));
      else if (key === "items") shown[key] = this.refer(value, singular(name), operation);
      else if (key === "anyOf" || key === "oneOf") Object.assign(shown, this.#union(key, value as Json[], name, operation));
      else if (key === "patternProperties") Object.assign(shown, this.#record(value as Json, name, operation));
      else if (key === "additionalProperties" && isRecord(value)) shown[key] = this.refer(value, `${name}Value`, operation);
      // The document's dialect of regular expressions has no classes of Unicode; the description says what is allowed.
      else if (key === "pattern" && String(value).includes("\\p{")) continue;
      // How the server serializes it.
      else if (key === "x-as-stored") continue;
      else if (key === "additionalItems" || (key === "additionalProperties" && "patternProperties" in schema)) continue;
      else shown[key] = value;
    }
    return shown;
  }

  #union(keyword: string, all: Json[], name: string, operation: string): Json {
    const options = all.filter((option) => !isNull(option));
    const discriminator = discriminatorOf(options);
    const refs = options.map((option, at) =>
      this.refer(
        option,
        discriminator
          ? name + pascalCase(discriminator.values[at] ?? "")
          : options.length > 1 && isObject(option)
            ? `${name}${at + 1}`
            : name,
        operation,
      ),
    );
    const isNullable = options.length < all.length;
    const [only] = refs;
    if (isNullable && refs.length === 1 && only && typeof only["type"] === "string") {
      const { type, enum: values, ...rest } = only;
      return { type: [type, "null"], ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }), ...rest };
    }
    const parts = isNullable ? [...refs, { type: "null" }] : refs;
    if (!discriminator || isNullable) return { [keyword]: parts };
    return {
      oneOf: parts,
      discriminator: {
        propertyName: discriminator.property,
        mapping: Object.fromEntries(discriminator.values.map((value, at) => [value, refs[at]?.["$ref"]])),
      },
    };
  }

  /** A record; generators know `additionalProperties`, few know `patternProperties`. */
  #record(patterns: Json, name: string, operation: string): Json {
    const [[pattern, of] = [".*", {}]] = Object.entries(patterns);
    const value = this.refer(of, `${name}Value`, operation);
    return {
      additionalProperties: Object.keys(value).length === 0 ? true : value,
      ...(!/^\^\(?\.\*\)?\$$/.test(pattern) && { propertyNames: { pattern } }),
    };
  }
}

const hasNull = (schema: Json) => ((schema["anyOf"] ?? []) as Json[]).some(isNull);
/** What a list of exactly the four usual fields holds. */
function listItemOf(schema: Json): Json | undefined {
  const properties = (schema["properties"] ?? {}) as Record<string, Json>;
  if (Object.keys(properties).sort().join() !== "items,page,total,total_pages") return undefined;
  const item = properties["items"]?.["items"];
  return isRecord(item) && isWorthAName(item) ? item : undefined;
}
