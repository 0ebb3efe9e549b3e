import type { RouteGroup, RouteSpec } from "@tesslate/contract";
import { createValidatorCompiler } from "../../http/schemas.ts";

/** A contract route with its name, `group.key`. */
export interface Listed {
  name: string;
  spec: RouteSpec;
}
export const listRoutes = (contract: Record<string, RouteGroup>): Listed[] =>
  Object.entries(contract).flatMap(([group, routes]) => Object.entries(routes).map(([key, spec]) => ({ name: `${group}.${key}`, spec })));

/** Path prefixes that end in an id: `/api/projects/{id}/x/{x_id}` has `/api/projects/{id}` and `/api/projects/{id}/x/{x_id}`. */
export const idParametersOf = ({ path }: RouteSpec): string[] =>
  [...path.matchAll(/\{[^}]+\}/g)].map((m) => path.slice(0, m.index + m[0].length));
/** Whether the parameter names no object: a path in a project, or one of fixed values. */
export const isFixed = (parameter: string): boolean => parameter.endsWith("{path}") || parameter.endsWith("/pictures/{theme}");

interface Schema {
  type?: string;
  format?: string;
  pattern?: string;
  minLength?: number;
  minimum?: number;
  minItems?: number;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}
const propertiesOf = (schema: unknown): [string, Schema][] => {
  const { properties, anyOf } = (schema ?? {}) as Schema;
  return [...Object.entries(properties ?? {}), ...(anyOf ?? []).flatMap((option) => propertiesOf(option))];
};
const isId = (schema: Schema): boolean =>
  schema.format === "uuid" || (schema.anyOf ?? []).some(isId) || (schema.type === "array" && isId(schema.items ?? {}));

/** Names of the fields of body and query that hold an id: `project_id`, `chat_id`, `attachments` … */
export const idFieldsOf = ({
  body,
  query,
}: RouteSpec): { where: "body" | "query"; field: string; isList: boolean; isRequired: boolean }[] =>
  (
    [
      ["body", body],
      ["query", query],
    ] as const
  ).flatMap(([where, schema]) =>
    propertiesOf(schema)
      .filter(([field, s]) => (/(^|_)id$/.test(field) ? isId(s) || field === "project_id" : isId(s)))
      .map(([field, s]) => ({
        where,
        field,
        isList: s.type === "array" || (s.anyOf ?? []).some((option) => option.type === "array"),
        isRequired: ((schema as unknown as Schema).required ?? []).includes(field),
      })),
  );

const texts: [RegExp, string][] = [
  [/^\^https\?/, "http://127.0.0.1:9/"],
  [/^\^\//, "/"],
  [/graph\|builder/, "graph"],
  [/\[\^\/\\s\]\+\\\//, "openai/scripted"],
];
/** The smallest valid value of a schema; fields named in `known` get that value. */
export function sampleOf(given: unknown, known: Record<string, unknown> = {}): unknown {
  const schema = given as Schema;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sampleOf(schema.anyOf[0], known);
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((field) => [field, known[field] ?? sampleOf(schema.properties?.[field] ?? {}, known)]),
      );
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items, known));
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      if (schema.format === "email") return "someone@example.com";
      if (schema.format === "uuid") return "00000000-0000-4000-8000-000000000000";
      if (schema.format === "date-time") return "2026-01-01T00:00:00.000Z";
      return texts.find(([pattern]) => pattern.test(schema.pattern ?? ""))?.[1] ?? "sample".padEnd(schema.minLength ?? 0, "x");
  }
}

const levels = ["none", "optional", "user", "superuser"];
/** Fixtures of the matrix: objects for path ids and id fields, and bodies that cannot be generated from the schema. */
export interface MatrixFixtures {
  parameters: Iterable<string>;
  fields: Iterable<string>;
  bodies: Record<string, unknown>;
}
/** Problems that keep routes from being tested; empty when the matrix is complete. */
export function gapsOf(routes: Listed[], knowledge: MatrixFixtures): string[] {
  const parameters = new Set(knowledge.parameters);
  const fields = new Set(knowledge.fields);
  const compile = createValidatorCompiler();
  return routes.flatMap(({ name, spec }) => {
    const gaps: string[] = [];
    const at = `${name} (${spec.method} ${spec.path})`;
    if (!levels.includes(spec.auth)) gaps.push(`${at} has no access level. Set auth in its route value to one of: ${levels.join(", ")}.`);
    for (const parameter of idParametersOf(spec))
      if (!parameter.endsWith("{path}") && !parameters.has(parameter))
        gaps.push(`${at}: the owner has no object at ${parameter}. Create one in apps/server/src/testing/matrix/world.ts (at).`);
    // Filters of administrators may name any object.
    for (const { where, field } of spec.auth === "superuser" ? [] : idFieldsOf(spec))
      if (!fields.has(field))
        gaps.push(
          `${at}: its ${where} names a ${field} and the owner has none. Create one in apps/server/src/testing/matrix/world.ts (named).`,
        );
    if (spec.body && knowledge.bodies[name] === undefined) {
      const isValid = compile({ schema: spec.body, method: "POST", url: "", httpPart: "body" });
      if (isValid(sampleOf(spec.body)) !== true)
        gaps.push(`${at}: no valid body could be generated. Add one in apps/server/src/testing/matrix/world.ts (bodies).`);
    }
    return gaps;
  });
}
