/** A step of a plan. `is_included` is the person's tick: what is unticked is not built, and stays in the plan. */
export interface PlanStep {
  id: string;
  /** One line. */
  step: string;
  status: "pending" | "in_progress" | "completed";
  is_included: boolean;
}
/** What is going to be done, agreed upon before it is done (agent-git-deploy 4.12). */
export interface Plan {
  /** Three words joined by `_`. */
  name: string;
  /** The goal in a sentence or two; may be empty. */
  task: string;
  steps: PlanStep[];
  critical_files: string[];
}
/** What a change leaves open is the store's to fill in: the name of a new plan. */
export type PlanChange = Omit<Plan, "name">;

/** The one plan of a chat; kept by the caller. */
export interface PlanStore {
  read(): Promise<Plan | undefined>;
  /** Changes it in one go, so that what a person edits meanwhile is not lost; `undefined` is given where there is none. Answers what is kept. */
  change(work: (current: Plan | undefined) => PlanChange): Promise<Plan>;
}

/** As many steps as a person can oversee. */
export const maxPlanSteps = 50;
export const maxStepChars = 500;

type NewId = () => string;

/**
 * The model's list over the one that is there: the same text stays the same step, with its id and the person's tick.
 * Steps that the person unticked and the model does not name stay where they are; other steps it does not name go.
 */
export function mergeSteps(current: readonly PlanStep[], wanted: readonly Pick<PlanStep, "step" | "status">[], newId: NewId): PlanStep[] {
  const left = new Map(current.map((step) => [step.step, step]));
  const merged = wanted.map(({ step, status }): PlanStep => {
    const text = oneLine(step);
    const earlier = left.get(text);
    left.delete(text);
    return { id: earlier?.id ?? newId(), step: text, status, is_included: earlier?.is_included ?? true };
  });
  // Behind the step that it stood behind, where that one is still there.
  current.forEach((step, index) => {
    if (step.is_included || !left.has(step.step)) return;
    const before = current.slice(0, index).findLast((one) => merged.some((kept) => kept.id === one.id));
    merged.splice(before ? merged.findIndex((kept) => kept.id === before.id) + 1 : 0, 0, step);
  });
  return merged.slice(0, maxPlanSteps);
}

export const includedSteps = (plan: Pick<Plan, "steps">): PlanStep[] => plan.steps.filter((step) => step.is_included);

const signs: Record<PlanStep["status"], string> = { pending: "□", in_progress: "▶", completed: "✓" };

/** The plan as people read it (4.12); unticked steps are left out. */
export function planMarkdown(plan: Plan): string {
  return [
    ...(plan.task === "" ? [] : [plan.task, ""]),
    ...includedSteps(plan).map((step, index) => `${index + 1}. ${signs[step.status]} ${step.step}`),
    ...(plan.critical_files.length === 0 ? [] : ["", `Critical files: ${plan.critical_files.join(", ")}`]),
  ].join("\n");
}

/** What the model is told of the chat's plan at the end of its system prompt (4.3); empty when nothing of it is left to do. */
export function planPrompt(plan: Plan | undefined, editMode: "allow" | "ask" | "plan"): string {
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

/** A step cannot reach out of its line. */
export const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, maxStepChars);
