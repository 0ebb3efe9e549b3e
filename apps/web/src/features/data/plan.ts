import type { QueryPlan } from "@tesslate/contract";

/** A step of a query plan. */
export interface PlanStep {
  name: string;
  /** Conditions and other facts, one a line. */
  facts: string[];
  /** Costs of this step with those below it, in the database's own unit. */
  cost: number | undefined;
  /** Costs of this step alone. */
  ownCost: number | undefined;
  rows: number | undefined;
  /** Measured, if the statement ran. */
  actualRows: number | undefined;
  ms: number | undefined;
  steps: PlanStep[];
}
interface Plan {
  steps: PlanStep[];
  /** Milliseconds to plan and to run, if the statement ran. */
  planningMs: number | undefined;
  executionMs: number | undefined;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : Array.isArray(value) ? value.map(String).join(", ") : undefined;

const shownFacts = [
  "Index Cond",
  "Hash Cond",
  "Merge Cond",
  "Recheck Cond",
  "Join Filter",
  "Filter",
  "Sort Key",
  "Group Key",
  "Rows Removed by Filter",
];

function postgresStep(node: Json): PlanStep {
  const steps = Array.isArray(node["Plans"]) ? node["Plans"].filter(isObject).map(postgresStep) : [];
  const cost = numberOf(node["Total Cost"]);
  const relation = textOf(node["Relation Name"]);
  const index = textOf(node["Index Name"]);
  const join = textOf(node["Join Type"]);
  const loops = numberOf(node["Actual Loops"]) ?? 1;
  const total = numberOf(node["Actual Total Time"]);
  const name = [textOf(node["Node Type"]) ?? "Step", relation && `on ${relation}`, index && `using ${index}`].filter(Boolean).join(" ");
  return {
    name: join && join !== "Inner" ? `${name} (${join})` : name,
    facts: shownFacts.flatMap((fact) => {
      const value = textOf(node[fact]) ?? (numberOf(node[fact]) === undefined ? undefined : String(node[fact]));
      return value === undefined || value === "0" ? [] : [`${fact}: ${value}`];
    }),
    cost,
    ownCost: cost === undefined ? undefined : Math.max(0, cost - steps.reduce((sum, step) => sum + (step.cost ?? 0), 0)),
    rows: numberOf(node["Plan Rows"]),
    actualRows: numberOf(node["Actual Rows"]) === undefined ? undefined : Math.round((numberOf(node["Actual Rows"]) ?? 0) * loops),
    ms: total === undefined ? undefined : total * loops,
    steps,
  };
}

/** Steps of SQLite and MySQL. */
function describedSteps(rows: Json[], parent: number): PlanStep[] {
  return rows
    .filter((row) => row["parent"] === parent && row["id"] !== parent)
    .map((row) => ({
      name: textOf(row["detail"]) ?? "Step",
      facts: [],
      cost: undefined,
      ownCost: undefined,
      rows: undefined,
      actualRows: undefined,
      ms: undefined,
      steps: describedSteps(rows, Number(row["id"])),
    }));
}

/** The plan as steps; undefined if it has an unknown form. */
export function planOf({ format, plan }: QueryPlan): Plan | undefined {
  if (format !== "postgres")
    return Array.isArray(plan) ? { steps: describedSteps(plan.filter(isObject), 0), planningMs: undefined, executionMs: undefined } : undefined;
  const first: unknown = Array.isArray(plan) ? plan[0] : plan;
  if (!isObject(first) || !isObject(first["Plan"])) return undefined;
  return {
    steps: [postgresStep(first["Plan"])],
    planningMs: numberOf(first["Planning Time"]),
    executionMs: numberOf(first["Execution Time"]),
  };
}
