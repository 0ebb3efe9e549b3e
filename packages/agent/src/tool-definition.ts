import type { ToolDefinition } from "./model-client.ts";
import type { Tool } from "./types.ts";

/** Checked when the call comes; told to the model they would only cost. */
const checkedOnly = new Set([
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "uniqueItems",
  "additionalProperties",
  "default",
  "$id",
  "$schema",
]);

/** A tool as the model is told of it: its schema without the bounds that a model does not plan by. */
export function definitionOf(tool: Tool): ToolDefinition {
  return {
    name: tool.name,
    description: tool.modelDescription ?? tool.description,
    parameters: told(JSON.parse(JSON.stringify(tool.parameters))) as Record<string, unknown>,
  };
}

/** Only where a schema stands: a parameter may be called `default`. */
function told(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(told);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !checkedOnly.has(key))
      .map(([key, value]) => {
        if (key === "properties" || key === "$defs") return [key, mapped(value)];
        return [key, key === "items" || key === "anyOf" || key === "oneOf" || key === "allOf" ? told(value) : value];
      }),
  );
}

function mapped(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, told(schema)]));
}
