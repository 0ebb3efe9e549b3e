import type { ColumnKind, DataFilter } from "@tesslate/contract";

type Operator = DataFilter["op"];

const operatorLabels: Record<Operator, string> = {
  eq: "equals",
  ne: "doesn't equal",
  lt: "is less than",
  lte: "is at most",
  gt: "is greater than",
  gte: "is at least",
  contains: "contains",
  starts_with: "starts with",
  ends_with: "ends with",
  in: "is one of",
  not_in: "is none of",
  is_null: "is NULL",
  is_not_null: "isn't NULL",
};
const momentLabels: Partial<Record<Operator, string>> = { lt: "is before", lte: "is at or before", gt: "is after", gte: "is at or after" };

const equality: Operator[] = ["eq", "ne"];
const order: Operator[] = ["gt", "gte", "lt", "lte"];
const parts: Operator[] = ["contains", "starts_with", "ends_with"];
const lists: Operator[] = ["in", "not_in"];
const nulls: Operator[] = ["is_null", "is_not_null"];

/** Operators that make sense for a kind of column; the first one is the default. */
export function operatorsOf(kind: ColumnKind): Operator[] {
  switch (kind) {
    case "number":
      return [...equality, ...order, ...lists, ...nulls];
    case "date":
    case "time":
    case "timestamp":
      return [...order, ...equality, "contains", ...nulls];
    case "boolean":
      return [...equality, ...nulls];
    case "uuid":
    case "enum":
      return [...equality, ...lists, ...nulls];
    case "json":
    case "array":
    case "other":
      return ["contains", ...nulls];
    case "binary":
      return nulls;
    default:
      return [...parts, ...equality, ...order, ...lists, ...nulls];
  }
}

export const operatorLabel = (op: Operator, kind: ColumnKind): string =>
  (["date", "time", "timestamp"].includes(kind) ? momentLabels[op] : undefined) ?? operatorLabels[op];

type Takes = "nothing" | "value" | "list";
export const takesOf = (op: Operator): Takes => (op === "in" || op === "not_in" ? "list" : op === "is_null" || op === "is_not_null" ? "nothing" : "value");

/** The text of a filter's field: values of a list are separated by commas. */
export const filterValue = ({ value, values }: DataFilter): string => values?.join(", ") ?? value ?? "";

/** The filter with this text; undefined if it says nothing yet. */
export function filterWith(column: string, op: Operator, text: string): DataFilter | undefined {
  const takes = takesOf(op);
  if (takes === "nothing") return { column, op };
  if (takes === "value") return text === "" && op !== "eq" && op !== "ne" ? undefined : { column, op, value: text };
  const values = text
    .split(",")
    .map((value) => value.trim())
    .filter(Boolean);
  return values.length > 0 ? { column, op, values: values.slice(0, 200) } : undefined;
}

/** A filter in words: `price is at least 3`. */
export function filterText(filter: DataFilter, kind: ColumnKind): string {
  const value = filterValue(filter);
  const text = takesOf(filter.op) === "nothing" ? "" : value === "" ? " “”" : ` ${value.length > 40 ? `${value.slice(0, 40)}…` : value}`;
  return `${filter.column} ${operatorLabel(filter.op, kind)}${text}`;
}
