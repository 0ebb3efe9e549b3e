import type { Operation, Schema, Specification } from "../../packages/testkit/src/specifications/specification.ts";

type Json = Record<string, unknown>;
const objectOf = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** `METHOD /path` with the parameters' names as the document has them. */
export type Wanted = readonly `${string} /${string}`[];
type Extract = Pick<Specification, "operations" | "definitions">;

/** Schemas of a document, reduced to the checked keywords, with the definitions that they reference. */
function createReader(document: Json) {
  const definitions: Record<string, Schema> = {};
  const resolve = (ref: string): [string, unknown] => {
    // A discovery document contains only the schema's name.
    const path = ref.startsWith("#/") ? ref.slice(2).split("/") : ["schemas", ref];
    const found = path.reduce<unknown>((at, key) => objectOf(at)[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
    // Google's documents reference a few schemas that they do not contain.
    if (found === undefined && path[0] !== "schemas") throw new Error(`${ref} is not in the document`);
    return [path.at(-1) ?? ref, found];
  };
  const read = (raw: unknown): Schema => {
    const schema = objectOf(raw);
    if (typeof schema["$ref"] === "string") {
      const [name, target] = resolve(schema["$ref"]);
      if (!(name in definitions)) {
        definitions[name] = {};
        definitions[name] = read(target);
      }
      return { $ref: name };
    }
    const made: Schema = {};
    if (typeof schema["type"] === "string" || Array.isArray(schema["type"])) made.type = schema["type"] as string | string[];
    if (made.type === "any") delete made.type;
    if (schema["nullable"] === true || schema["x-nullable"] === true) made.nullable = true;
    if (schema["properties"])
      made.properties = Object.fromEntries(Object.entries(objectOf(schema["properties"])).map(([k, v]) => [k, read(v)]));
    const required = listOf(schema["required"]).filter((name) => typeof name === "string");
    if (required.length > 0) made.required = required;
    const more = schema["additionalProperties"];
    if (more !== undefined) made.additionalProperties = typeof more === "boolean" ? more : read(more);
    if (schema["items"]) made.items = read(schema["items"]);
    const values = schema["const"] === undefined ? schema["enum"] : [schema["const"]];
    if (Array.isArray(values)) made.enum = values;
    // "Either of them is required" does not describe which fields exist.
    const parts = (key: string) => listOf(schema[key]).filter((part) => Object.keys(objectOf(part)).some((name) => name !== "required"));
    const [anyOf, allOf] = [[...parts("anyOf"), ...parts("oneOf")], parts("allOf")];
    if (anyOf.length > 0) made.anyOf = anyOf.map(read);
    if (allOf.length > 0) made.allOf = allOf.map(read);
    return made;
  };
  return { definitions, read, resolve };
}

const find = <T>(from: Json, path: string, method: string): T => {
  const found = objectOf(from[path])[method.toLowerCase()];
  if (found === undefined) throw new Error(`${method} ${path} is not published`);
  return found as T;
};

/** OpenAPI 3 and Swagger 2. */
export function fromOpenapi(document: Json, wanted: Wanted): Extract {
  const { definitions, read, resolve } = createReader(document);
  const paths = objectOf(document["paths"]);
  const operations = wanted.map((name): Operation => {
    const [method = "", path = ""] = name.split(" ");
    const published = find<Json>(paths, path, method);
    const parameters = [...listOf(objectOf(paths[path])["parameters"]), ...listOf(published["parameters"])].map((raw) => {
      const ref = objectOf(raw)["$ref"];
      return objectOf(typeof ref === "string" ? resolve(ref)[1] : raw);
    });
    const query: Operation["query"] = {};
    const body: NonNullable<Operation["body"]> = {};
    const consumes = listOf(published["consumes"] ?? document["consumes"]).map(String);
    const form: Schema = { type: "object", properties: {} };
    for (const parameter of parameters) {
      const own = parameter["schema"] ?? parameter;
      const key = String(parameter["name"]);
      if (parameter["in"] === "query") query[key] = { ...read(own), ...(parameter["required"] === true && { isRequired: true }) };
      if (parameter["in"] === "body")
        for (const type of consumes) body[type] = type === "application/octet-stream" ? {} : { schema: read(own) };
      if (parameter["in"] === "formData") form.properties = { ...form.properties, [key]: read(own) };
      if (parameter["in"] !== "query") delete query[key]?.required;
    }
    if (Object.keys(form.properties ?? {}).length > 0) for (const type of consumes) body[type] = { schema: form };
    for (const [type, content] of Object.entries(objectOf(objectOf(published["requestBody"])["content"]))) {
      const schema = objectOf(content)["schema"];
      body[type] = schema === undefined || objectOf(schema)["format"] === "binary" ? {} : { schema: read(schema) };
    }
    return { method, path, query, ...(Object.keys(body).length > 0 && { body }) };
  });
  return { operations, definitions };
}

/** Google's discovery documents. */
export function fromDiscovery(document: Json, wanted: Wanted): Extract {
  const { definitions, read } = createReader(document);
  const methods: Json[] = [];
  const collect = (at: Json) => {
    methods.push(...Object.values(objectOf(at["methods"])).map(objectOf));
    for (const inner of Object.values(objectOf(at["resources"]))) collect(objectOf(inner));
  };
  collect(document);
  const operations = wanted.map((name): Operation => {
    const [method = "", path = ""] = name.split(" ");
    const published = methods.find((one) => one["httpMethod"] === method && `/${String(one["flatPath"] ?? one["path"])}` === path);
    if (!published) throw new Error(`${name} is not published`);
    const parameters = { ...objectOf(document["parameters"]), ...objectOf(published["parameters"]) };
    const query: Operation["query"] = {};
    for (const [key, parameter] of Object.entries(parameters))
      if (objectOf(parameter)["location"] === "query") {
        const schema = read(parameter);
        query[key] = objectOf(parameter)["repeated"] === true ? { anyOf: [schema, { type: "array", items: schema }] } : schema;
      }
    const request = objectOf(published["request"])["$ref"];
    return {
      method,
      path,
      query,
      ...(typeof request === "string" && { body: { "application/json": { schema: read({ $ref: request }) } } }),
    };
  });
  return { operations, definitions };
}
