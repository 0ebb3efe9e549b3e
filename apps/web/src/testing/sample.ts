import type { Static, TSchema } from "@tesslate/contract";
import { Value } from "typebox/value";

/** What a schema of the contract looks like from outside. */
interface Shape {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Shape[];
  allOf?: readonly Shape[];
  properties?: Record<string, Shape>;
  required?: readonly string[];
  format?: string;
  minLength?: number;
  minimum?: number;
  minItems?: number;
  items?: Shape | readonly Shape[];
  default?: unknown;
}

export const sampleId = "0190a000-0000-7000-8000-000000000001";
export const sampleTime = "2026-03-14T09:30:00Z";

const sampleText: Partial<Record<string, string>> = {
  uuid: sampleId,
  "date-time": sampleTime,
  email: "nadia@example.com",
  uri: "https://example.com/",
};

function smallest(shape: Shape): unknown {
  if (shape.const !== undefined) return shape.const;
  if (shape.enum) return shape.enum[0];
  if (shape.anyOf) return shape.anyOf.some(({ type }) => type === "null") ? null : smallest(shape.anyOf[0] ?? {});
  if (shape.allOf) return Object.assign({}, ...shape.allOf.map(smallest));
  if (shape.default !== undefined) return shape.default;
  switch (shape.type) {
    case "object":
      return Object.fromEntries((shape.required ?? []).map((name) => [name, smallest(shape.properties?.[name] ?? {})]));
    case "array":
      if (Array.isArray(shape.items)) return (shape.items as readonly Shape[]).map(smallest);
      return Array.from({ length: shape.minItems ?? 0 }, () => smallest((shape.items ?? {}) as Shape));
    case "string":
      return sampleText[shape.format ?? ""] ?? "x".repeat(shape.minLength ?? 0);
    case "integer":
    case "number":
      return shape.minimum ?? 0;
    case "boolean":
      return false;
    default:
      return null;
  }
}

/** Throws where a value is not what the schema says; gives back only what the schema knows, as the server would send it. */
export function conforming<S extends TSchema>(schema: S, value: unknown, what: string): Static<S> {
  if (!Value.Check(schema, value)) {
    const faults = [...Value.Errors(schema, value)].slice(0, 4).map((fault) => `${fault.instancePath || "/"} ${fault.message}`);
    throw new Error(`${what} does not match the contract: ${faults.join("; ")}`);
  }
  return Value.Clean(schema, structuredClone(value)) as Static<S>;
}

/**
 * The smallest value of a schema (empty lists, nulls, zeros) with `known` in it: a test names only what it is about, and goes on when the contract grows.
 */
export function sample<S extends TSchema>(schema: S, known: Partial<Static<S>> = {}): Static<S> {
  return conforming(schema, { ...(smallest(schema as Shape) as object), ...(known as object) }, "This sample");
}
