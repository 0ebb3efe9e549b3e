import type { ToolDefinition } from "./model-client.ts";
import type { Tool } from "./tool.ts";

/** Checked when the tool is called, but not sent to the model, to save tokens. */
const validationOnly = new Set([
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

/** A tool as the model gets it: its schema without limits that the model does not need. */
export function definitionOf(tool: Tool): ToolDefinition {
  return {
    name: tool.name,
    description: tool.modelDescription ?? tool.description,
    parameters: withoutLimits(JSON.parse(JSON.stringify(tool.parameters))) as Record<string, unknown>,
  };
}

/** Follows schemas only, because a parameter may be called `default`. */
function withoutLimits(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutLimits);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !validationOnly.has(key))
      .map(([key, value]) => {
        if (key === "properties" || key === "$defs") return [key, mapped(value)];
        return [key, key === "items" || key === "anyOf" || key === "oneOf" || key === "allOf" ? withoutLimits(value) : value];
      }),
  );
}

function mapped(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, withoutLimits(schema)]));
}
