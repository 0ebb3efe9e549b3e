import type { TSchema } from "typebox";
import type { RouteSpec } from "./route.ts";

interface Shape {
  type?: string;
  properties?: Record<string, Shape>;
  patternProperties?: unknown;
  additionalProperties?: unknown;
  items?: Shape | Shape[];
  anyOf?: Shape[];
}

/**
 * The schema with every object closed: a field that it does not name is an error. Records, and objects with `additionalProperties`, stay as
 * they are.
 */
function closed(schema: Shape): Shape {
  const { properties, items, anyOf } = schema;
  const isOpen = properties !== undefined && schema.additionalProperties === undefined && schema.patternProperties === undefined;
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, closed(of)])) }),
    ...(isOpen && { additionalProperties: false }),
    ...(items && { items: Array.isArray(items) ? items.map(closed) : closed(items) }),
    ...(anyOf && { anyOf: anyOf.map(closed) }),
  };
}

/** A frame's schema as it is checked: a field that it does not name is an error. */
export const closedFrame = (schema: TSchema): TSchema => closed(schema as Shape) as TSchema;

const nothing: Shape = { type: "object", properties: {}, additionalProperties: false };
const known = new WeakMap<RouteSpec, { query?: TSchema; body?: TSchema }>();

/**
 * What a route accepts as query and body, for validation and for the document: exactly what its schemas name. A route without a schema accepts
 * nothing. Absent where others decide what is sent (`takesUnknown`), and where the handler reads the bytes of the body itself.
 */
export function inputOf(spec: RouteSpec): { query?: TSchema; body?: TSchema } {
  const before = known.get(spec);
  if (before) return before;
  const part = (schema: TSchema | undefined, isOpen: boolean): TSchema | undefined =>
    isOpen ? schema : (closed((schema ?? nothing) as Shape) as TSchema);
  const readsItself = spec.method === "GET" || spec.method === "WS" || spec.kind === "upload" || spec.rawBody === true;
  const query = part(spec.query, spec.takesUnknown?.query !== undefined);
  const body = readsItself ? spec.body : part(spec.body, spec.takesUnknown?.body !== undefined);
  const input = { ...(query && { query }), ...(body && { body }) };
  known.set(spec, input);
  return input;
}
