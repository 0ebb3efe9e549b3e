import type { Schema } from "./specification.ts";

type Definitions = Record<string, Schema>;
type Variant = Omit<Schema, "$ref" | "anyOf" | "allOf">;

/**
 * Differences between a value and its schema: types, unlisted values, missing and undefined fields. `isForm`: everything is text, as in a
 * query or a form.
 */
export function problemsOf(
  schema: Schema,
  value: unknown,
  { definitions, at = "body", isForm = false }: { definitions: Definitions; at?: string; isForm?: boolean },
): string[] {
  let fewest: string[] | undefined;
  for (const variant of variantsOf(schema, definitions)) {
    const problems = problemsOfVariant(variant, value, { definitions, at, isForm });
    if (problems.length === 0) return [];
    if (!fewest || problems.length < fewest.length) fewest = problems;
  }
  return fewest ?? [];
}

/** The schema as alternatives without references, `anyOf` and `allOf`. */
function variantsOf(schema: Schema, definitions: Definitions): Variant[] {
  const { $ref, anyOf, allOf, ...own } = schema;
  if ($ref !== undefined) {
    const found = definitions[$ref];
    if (!found) throw new Error(`no definition ${$ref}`);
    return variantsOf(found, definitions);
  }
  let variants: Variant[] = [own];
  const combine = (more: Variant[]) => {
    variants = variants.flatMap((variant) => more.map((other) => merged(variant, other)));
  };
  for (const part of allOf ?? []) combine(variantsOf(part, definitions));
  if (anyOf && anyOf.length > 0) combine(anyOf.flatMap((part) => variantsOf(part, definitions)));
  return variants;
}
function merged(a: Variant, b: Variant): Variant {
  const both = { ...a, ...b };
  if (a.properties || b.properties) both.properties = { ...a.properties, ...b.properties };
  if (a.required || b.required) both.required = [...(a.required ?? []), ...(b.required ?? [])];
  return both;
}

function problemsOfVariant(
  variant: Variant,
  value: unknown,
  { definitions, at, isForm }: { definitions: Definitions; at: string; isForm: boolean },
): string[] {
  const types = variant.type === undefined ? undefined : [variant.type].flat();
  if (value === null)
    return variant.nullable || types === undefined || types.includes("null") || variant.enum?.includes(null)
      ? []
      : [`${at}: must not be null`];
  if (types && !types.some((type) => isOfType(type, value, isForm)))
    return [`${at}: must be ${types.join(" or ")}, not ${JSON.stringify(value)?.slice(0, 60)}`];
  if (variant.enum && !variant.enum.some((one) => one === value || (isForm && String(one) === value)))
    return [`${at}: must be one of ${variant.enum.join(", ")}, not ${JSON.stringify(value)?.slice(0, 60)}`];
  if (Array.isArray(value)) {
    const { items } = variant;
    return items ? value.flatMap((item: unknown, i) => problemsOf(items, item, { definitions, at: `${at}[${i}]`, isForm })) : [];
  }
  if (typeof value !== "object") return [];
  const { properties = {}, required = [], additionalProperties: more } = variant;
  const fields = value as Record<string, unknown>;
  const isOpen = more === true || (more === undefined && Object.keys(properties).length === 0);
  const problems = required.filter((name) => fields[name] === undefined).map((name) => `${at}.${name}: is required`);
  for (const [name, inner] of Object.entries(fields)) {
    if (inner === undefined) continue;
    const known = properties[name] ?? (typeof more === "object" ? more : undefined);
    if (known) problems.push(...problemsOf(known, inner, { definitions, at: `${at}.${name}`, isForm }));
    else if (!isOpen) problems.push(`${at}.${name}: is not defined`);
  }
  return problems;
}

function isOfType(type: string, value: unknown, isForm: boolean): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean" || (isForm && (value === "true" || value === "false"));
    case "integer":
      return Number.isInteger(value) || (isForm && typeof value === "string" && /^-?\d+$/.test(value));
    case "number":
      return typeof value === "number" || (isForm && typeof value === "string" && value !== "" && Number.isFinite(Number(value)));
    default:
      return true;
  }
}

/** How many fields a value has, with those inside. */
export function fieldsOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + fieldsOf(item), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner: unknown) => sum + 1 + fieldsOf(inner), 0);
}
