/** A step of a plan. `is_included` false: the person excluded the step, so it is not built but stays in the plan. */
export interface AgentPlanStep {
  id: string;
  /** One line. */
  step: string;
  status: "pending" | "in_progress" | "completed";
  is_included: boolean;
}
/** Steps that are agreed upon before they are built. */
export interface AgentPlan {
  /** Three words joined by `_`. */
  name: string;
  /** The goal in a sentence or two; may be empty. */
  task: string;
  steps: AgentPlanStep[];
  critical_files: string[];
}
/** A new plan gets its name from the store. */
export type PlanChange = Omit<AgentPlan, "name">;

/** The plan of a chat. */
export interface PlanStore {
  read(): Promise<AgentPlan | undefined>;
  /** Changes the plan atomically. `current` is undefined when there is none. Returns the stored plan. */
  change(work: (current: AgentPlan | undefined) => PlanChange): Promise<AgentPlan>;
}

/** More steps are hard to review. */
export const maxPlanSteps = 50;
export const maxStepChars = 500;

type NewId = () => string;

/**
 * Applies the model's list to the current one: a step with the same text keeps its id and `is_included`. Missing steps are removed, except those that the
 * person excluded, which keep their place.
 */
export function mergeSteps(
  current: readonly AgentPlanStep[],
  wanted: readonly Pick<AgentPlanStep, "step" | "status">[],
  newId: NewId,
): AgentPlanStep[] {
  const left = new Map(current.map((step) => [step.step, step]));
  const merged = wanted.map(({ step, status }): AgentPlanStep => {
    const text = stepLine(step);
    const earlier = left.get(text);
    left.delete(text);
    return { id: earlier?.id ?? newId(), step: text, status, is_included: earlier?.is_included ?? true };
  });
  // After the step that it followed, if that one still exists.
  current.forEach((step, index) => {
    if (step.is_included || !left.has(step.step)) return;
    const before = current.slice(0, index).findLast((one) => merged.some((kept) => kept.id === one.id));
    merged.splice(before ? merged.findIndex((kept) => kept.id === before.id) + 1 : 0, 0, step);
  });
  return merged.slice(0, maxPlanSteps);
}

export const includedSteps = (plan: Pick<AgentPlan, "steps">): AgentPlanStep[] => plan.steps.filter((step) => step.is_included);

const signs: Record<AgentPlanStep["status"], string> = { pending: "□", in_progress: "▶", completed: "✓" };

/** The plan as Markdown, without excluded steps. */
export function planMarkdown(plan: AgentPlan): string {
  return [
    ...(plan.task === "" ? [] : [plan.task, ""]),
    ...includedSteps(plan).map((step, index) => `${index + 1}. ${signs[step.status]} ${step.step}`),
    ...(plan.critical_files.length === 0 ? [] : ["", `Critical files: ${plan.critical_files.join(", ")}`]),
  ].join("\n");
}

/** The section about the plan at the end of the system prompt; empty when nothing is left to do. */
export function planPrompt(plan: AgentPlan | undefined, editMode: "allow" | "ask" | "plan"): string {
  if (!plan || includedSteps(plan).every((step) => step.status === "completed")) return "";
  const leftOut = plan.steps.length - includedSteps(plan).length;
  const orders =
    editMode === "plan"
      ? "This is the plan so far. Revise it with update_plan when the person asks for changes; do not carry it out."
      : "Continue from the step marked ▶, or from the first one marked □. Keep it current with update_plan: one step in_progress at a time, and completed as soon as it is done.";
  return [
    `=== PLAN ${plan.name} ===`,
    planMarkdown(plan),
    ...(leftOut === 0 ? [] : [`(The person left ${leftOut} more out: do not do what is not listed.)`]),
    "=== END OF PLAN ===",
    orders,
  ].join("\n");
}

/** Steps are limited to one line. */
export const stepLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, maxStepChars);
