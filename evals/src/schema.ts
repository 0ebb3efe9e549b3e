import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Type, type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import type { Script } from "./script.ts";

export const Argv = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });
export const RunLimits = Type.Object(
  {
    max_steps: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Input and output of the whole run. */
    max_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    max_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
export type RunLimits = Static<typeof RunLimits>;

/** Reads a JSON file. Throws an error with its path and the invalid field. */
export async function readJson<T extends TSchema>(file: string, schema: T): Promise<Static<T>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : "unreadable"}`, { cause: error });
  }
  const problem = Value.Errors(schema, value)[0];
  if (problem) throw new Error(`${file}: ${problem.instancePath || "the file"} ${problem.message}`);
  return value as Static<T>;
}

/** The default export of `script.ts`; undefined if the task has none. */
export async function loadScript(folder: string): Promise<Script | undefined> {
  const file = join(folder, "script.ts");
  if (!existsSync(file)) return undefined;
  return ((await import(pathToFileURL(file).href)) as { default: Script }).default;
}
