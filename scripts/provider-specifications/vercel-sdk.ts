import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Operation, Schema, Specification } from "../../packages/testkit/src/specifications/specification.ts";
import type { Wanted } from "./openapi.ts";

/** The parts of a zod 3 schema that are read. */
interface Zod {
  _def: {
    typeName: string;
    shape?: () => Record<string, Zod>;
    catchall?: Zod;
    innerType?: Zod;
    type?: Zod;
    schema?: Zod;
    in?: Zod;
    getter?: () => Zod;
    options?: Zod[] | Map<string, Zod>;
    values?: unknown[] | Record<string, unknown>;
    value?: unknown;
    valueType?: Zod;
    effect?: { type: string; transform?: (...args: unknown[]) => unknown };
  };
}

/** `remap(value, { requestBody: "RequestBody" })` gives fields the names that they have on the wire. */
const remapped = (transform: unknown): Record<string, string> =>
  Object.fromEntries(
    [...(/remap\$?\([^,]+,\s*\{([^}]*)\}/.exec(String(transform))?.[1] ?? "").matchAll(/"?([\w$]+)"?\s*:\s*"([^"]+)"/g)].map(
      ([, from = "", to = ""]) => [from, to],
    ),
  );

function read(zod: Zod): Schema {
  const { _def: def } = zod;
  switch (def.typeName) {
    case "ZodObject": {
      const shape = Object.entries(def.shape?.() ?? {});
      const required = shape
        .filter(([, one]) => one._def.typeName !== "ZodOptional" && one._def.typeName !== "ZodDefault")
        .map(([key]) => key);
      const isOpen = def.catchall !== undefined && def.catchall._def.typeName !== "ZodNever";
      return {
        type: "object",
        properties: Object.fromEntries(shape.map(([key, one]) => [key, read(one)])),
        ...(required.length > 0 && { required }),
        additionalProperties: isOpen,
      };
    }
    case "ZodOptional":
    case "ZodDefault":
    case "ZodReadonly":
      return read(def.innerType as Zod);
    case "ZodNullable":
      return { anyOf: [read(def.innerType as Zod), { type: "null" }] };
    case "ZodArray":
      return { type: "array", items: read(def.type as Zod) };
    case "ZodUnion":
    case "ZodDiscriminatedUnion":
      return { anyOf: [...((def.options as Map<string, Zod> | Zod[]).values() as Iterable<Zod>)].map(read) };
    case "ZodEffects": {
      const inner = read(def.schema as Zod);
      const names = remapped(def.effect?.transform);
      if (!inner.properties) return inner;
      const rename = (key: string) => names[key] ?? key;
      return {
        ...inner,
        properties: Object.fromEntries(Object.entries(inner.properties).map(([key, one]) => [rename(key), one])),
        ...(inner.required && { required: inner.required.map(rename) }),
      };
    }
    case "ZodPipeline":
      return read(def.in as Zod);
    case "ZodLazy":
      return read((def.getter as () => Zod)());
    case "ZodRecord":
      return { type: "object", additionalProperties: read(def.valueType as Zod) };
    case "ZodEnum":
    case "ZodNativeEnum":
      return { enum: Object.values(def.values ?? {}) };
    case "ZodLiteral":
      return { enum: [def.value] };
    case "ZodString":
      return { type: "string" };
    case "ZodNumber":
      return { type: "number" };
    case "ZodBoolean":
      return { type: "boolean" };
    default:
      return {};
  }
}

/** Vercel publishes its API as the schemas of its SDK: one file for each operation names path, query and body. */
export async function fromVercelSdk(folder: string, wanted: Wanted): Promise<Pick<Specification, "operations" | "definitions">> {
  const functions = join(folder, "esm/funcs");
  // Its own union type hides its members.
  writeFileSync(
    join(folder, "esm/types/smartUnion.js"),
    'import * as z from "zod/v3";\nexport const smartUnion = (options) => z.union(options);\n',
  );
  const sources = readdirSync(functions)
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(join(functions, name), "utf8"));
  const operations: Operation[] = [];
  for (const name of wanted) {
    const [method = "", path = ""] = name.split(" ");
    const source = sources.find((text) => text.includes(`pathToFunc("${path}")`) && text.includes(`method: "${method}"`));
    if (source === undefined) throw new Error(`${name} is not published`);
    const [, schemaName = "", file = ""] =
      /import\s*\{\s*(\w+Request\$outboundSchema),?[^}]*\}\s*from\s*"\.\.\/models\/([^"]+)"/.exec(source) ?? [];
    const module = schemaName === "" ? {} : ((await import(pathToFileURL(join(folder, "esm/models", file)).href)) as Record<string, Zod>);
    const request = module[schemaName] ? read(module[schemaName]) : {};
    const queryKeys = [...(/encodeFormQuery\(\{([^}]*)\}/.exec(source)?.[1] ?? "").matchAll(/"([^"]+)":\s*payload/g)].map(
      ([, key = ""]) => key,
    );
    const query = Object.fromEntries(queryKeys.map((key) => [key, request.properties?.[key] ?? {}]));
    const bodyKey = /const body = encodeJSON\("body", payload(?:\??\.(\w+))?/.exec(source);
    const isBytes = /application\/octet-stream/.test(source);
    const schema = bodyKey ? (bodyKey[1] === undefined ? request : request.properties?.[bodyKey[1]]) : undefined;
    if (bodyKey && !schema) throw new Error(`the body of ${name} was not found`);
    const body: Operation["body"] = isBytes ? { "application/octet-stream": {} } : schema ? { "application/json": { schema } } : undefined;
    operations.push({ method, path, query, ...(body && { body }) });
  }
  return { operations, definitions: {} };
}
