import { Type, type TObject, type TProperties, type TSchema } from "typebox";
import type { SecretValue } from "../platform/secret.ts";

/** A setting: the schema of its value, with the variable that gives it and what documents it. */
export interface Setting extends TSchema {
  env: string;
  /** A second variable, read if the first is not set. */
  alias?: string;
  description: string;
  /** Text as in `.env`. Without one, an unset text or list is empty, and anything else is wrapped in `Type.Optional`. */
  default?: string;
  /** Text as in `.env`. */
  example?: string;
  /** Of the variable. */
  unit?: string;
  /** From `unit` to the unit of the configuration, which has milliseconds, bytes and cents. Applies to each value of a list. */
  factor?: number;
  /** The value, or each value of a list, becomes a `SecretValue`. */
  isSecret?: true;
  /** Paths are appended to the value: slashes at its end are removed. */
  isBase?: true;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: TSchema & { minimum?: number; maximum?: number };
}

export const isSetting = (schema: TSchema): schema is Setting => "env" in schema;

/** The settings of a group, in order. */
export const settingsOf = (schema: TSchema): Setting[] =>
  isSetting(schema) ? [schema] : Object.values((schema as TObject).properties).flatMap(settingsOf);

export type About = Pick<Setting, "alias" | "description"> &
  ({ default?: string; example: string } | { default: string; example?: undefined });
type NumberOptions = Pick<Setting, "minimum" | "maximum" | "unit" | "factor">;
type ListOptions = Pick<Setting, "minItems" | "maxItems" | "unit" | "factor" | "isSecret">;

export const second = 1000;
export const minute = 60 * second;
export const day = 24 * 60 * minute;
export const mebibyte = 2 ** 20;

/** Settings that belong together. The reference in `docs/` has one table for each title. */
export const group = <T extends TProperties>(title: string, properties: T) =>
  Type.Object(properties, { title }) as TObject<T> & { title: string };

export const text = (env: string, about: About) => Type.String({ env, ...about });

/** A `SecretValue`, undefined if unset. A refinement of it checks the text. */
export const secret = (env: string, about: About) =>
  Type.Optional(Type.Unsafe<SecretValue>(Type.String({ env, isSecret: true, ...about })));

const isHttpUrl = (value: string) => /^https?:$/.test(URL.parse(value)?.protocol ?? "");
const httpUrl = () => "an http(s) URL";
export const url = (env: string, about: About) => Type.Refine(text(env, about), isHttpUrl, httpUrl);
export const baseUrl = (env: string, about: About) => Type.Refine(Type.String({ env, isBase: true, ...about }), isHttpUrl, httpUrl);
export const secretUrl = (env: string, about: About) => Type.Refine(secret(env, about), isHttpUrl, httpUrl);

/** `true`, `false`, `1` or `0`. */
export const flag = (env: string, about: About) => Type.Boolean({ env, ...about });

export const integer = (env: string, about: About & NumberOptions) =>
  Type.Integer({ env, minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...about });
export const port = (env: string, about: About) =>
  Type.Refine(
    Type.Integer({ env, minimum: 0, ...about }),
    (value) => value <= 65_535,
    () => "a port number",
  );
export const number = (env: string, about: About & NumberOptions) => Type.Number({ env, minimum: 0, ...about });

export const oneOf = <const T extends string[]>(env: string, values: readonly [...T], about: About) => Type.Enum(values, { env, ...about });

/** Comma-separated. */
export const list = <T extends TSchema>(env: string, items: T, about: About & ListOptions) => Type.Array(items, { env, ...about });

const range = ({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Pick<Setting, "minimum" | "maximum">) =>
  maximum === Number.MAX_SAFE_INTEGER ? `, ${minimum} or more` : ` from ${minimum} to ${maximum}`;
const counts = ["no", "one", "two", "three", "four"];

/** What a value may be, to complete "must be": the one text for each constraint, in error messages and in the reference. */
export function constraintOf(setting: Setting): string {
  // A refinement says all that a value must be.
  if (Type.IsRefine(setting)) return setting["~refine"][0]?.error(undefined) ?? "";
  if (Type.IsEnum(setting)) return `one of ${setting.enum.join(", ")}`;
  if (Type.IsBoolean(setting)) return "true or false";
  if (Type.IsInteger(setting)) return `a whole number${range(setting)}`;
  if (Type.IsNumber(setting)) return `a number${range(setting)}`;
  if (Type.IsArray(setting)) return listConstraint(setting);
  return "text";
}

function listConstraint({ minItems, maxItems, items = {} }: Setting) {
  if (minItems === undefined || maxItems === undefined) return "comma-separated values";
  const bounds = items.maximum === undefined ? "" : range(items);
  const kind = Type.IsInteger(items) ? `whole numbers${bounds}` : "words";
  return `${minItems === maxItems ? "" : `${counts[minItems]} to `}${counts[maxItems]} comma-separated ${kind}`;
}
