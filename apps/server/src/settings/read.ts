import { Type, type TObject, type TSchema } from "typebox";
import { Value } from "typebox/value";
import { SecretValue } from "../platform/secret.ts";
import { settings, type Settings } from "./index.ts";
import { constraintOf, isSetting, type Setting } from "./kinds.ts";

export type Environment = Record<string, string | undefined>;

/** Reads every setting. If there are problems, some values do not match their type. */
export function readSettings(environment: Environment): { values: Settings; problems: string[] } {
  const problems: string[] = [];
  const read = (schema: TSchema): unknown => {
    if (isSetting(schema)) return readSetting(schema, environment, problems);
    const { properties } = schema as TObject;
    return Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, read(child)]));
  };
  return { values: read(settings) as Settings, problems };
}

function readSetting(setting: Setting, environment: Environment, problems: string[]): unknown {
  const given = environment[setting.env]?.trim() || (setting.alias && environment[setting.alias]?.trim());
  const text = given || setting.default || "";
  if (text === "") return Type.IsOptional(setting) ? undefined : parse(setting, text);
  const value = parse(setting, text);
  if (!Value.Check(setting, value)) problems.push(problemOf(setting, text));
  return convert(setting, value);
}

/** The value that a text stands for. It does not match the schema if the text does not. */
function parse(schema: TSchema, text: string): unknown {
  if (Type.IsArray(schema)) {
    const parts = text.split(",").map((part) => part.trim());
    // In a list of a fixed length an empty place is a mistake.
    const isFixed = "maxItems" in schema;
    return (isFixed ? parts : parts.filter(Boolean)).map((part) => parse(schema.items, part));
  }
  if (Type.IsBoolean(schema)) return { true: true, "1": true, false: false, "0": false }[text] ?? text;
  if (Type.IsInteger(schema)) return /^\d+$/.test(text) ? Number(text) : NaN;
  if (Type.IsNumber(schema)) return Number(text);
  return text;
}

/** The value as the configuration has it. */
function convert(setting: Setting, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(setting, item));
  // A flag with a wrong value is off, so that rules do not report it a second time.
  if (Type.IsBoolean(setting)) return value === true;
  if (typeof value === "number") return value * (setting.factor ?? 1);
  if (typeof value !== "string") return value;
  if (setting.isSecret) return new SecretValue(value);
  return setting.isBase ? value.replace(/\/+$/, "") : value;
}

function problemOf(setting: Setting, text: string): string {
  const { env, isSecret, example = setting.default } = setting;
  // A URL may contain a password.
  const isHidden = isSecret || /URL/.test(env);
  return `${env} must be ${constraintOf(setting)} (got ${isHidden ? "a value that is not" : JSON.stringify(text)}). Example: ${env}=${example}`;
}
