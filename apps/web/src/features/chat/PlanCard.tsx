import { Check, ChevronDown, ChevronUp, GripVertical, Hammer, Plus, X } from "lucide-react";
import type { EditMode, Plan } from "@tesslate/contract";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { modeOf, modes } from "../../lib/edit-modes.ts";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { moved, reorderLine, useReorder } from "../../ui/use-reorder.ts";
import type { SendFailure } from "./chat.types.ts";
import { EditableLine } from "./EditableLine.tsx";
import { planCounts } from "./plan-counts.ts";
import type { ChatPlan } from "./use-plan.ts";

const buildModes = modes.filter((mode) => mode.value !== "plan");

export interface PlanCardProps {
  plan: Plan;
  control: ChatPlan;
  isRunning: boolean;
  /** Builds the selected steps in this mode. */
  onBuild: (mode: EditMode) => Promise<SendFailure | undefined>;
}

/** The plan of the chat: steps that can be edited, selected, reordered and removed, and Build. */
export function PlanCard({ plan, control, isRunning, onBuild }: PlanCardProps) {
  const counts = planCounts(plan.steps);
  const [choice, setChoice] = useState<boolean>();
  const [mode, setMode] = useState<EditMode>("ask");
  const [failure, setFailure] = useState<string>();
  const [isBuilding, setIsBuilding] = useState(false);
  const [isDiscarding, setIsDiscarding] = useState(false);
  const [isAdding, setIsAdding] = useState(false);
  // A plan that is built or being built is collapsed: its to-do list is pinned above.
  const isOpen = choice ?? (counts.toDo > 0 && !(isRunning && plan.steps.some((step) => step.status !== "pending")));
  const nameOf = (id: string) => plan.steps.find((step) => step.id === id)?.step.slice(0, 60) ?? "";
  const editStep = (id: string, change: Partial<Plan["steps"][number]>) =>
    control.edit(({ steps }) => ({ steps: steps.map((step) => (step.id === id ? { ...step, ...change } : step)) }));
  const reorder = useReorder({
    ids: plan.steps.map((step) => step.id),
    nameOf,
    onMove: (id, before) => control.edit(({ steps }) => ({ steps: moved(steps, id, before) })),
  });
  const said = failure ?? control.failure;
  return (
    <section aria-label="Plan" className="on-sheet mt-0.5 mb-3 rounded-3 border border-line-0 bg-bg-1 text-sm">
      <header className="flex min-h-9 items-center gap-2 py-1 pr-1.5 pl-3 text-xs narrow:min-h-11">
        <h2 className="font-semibold">Plan</h2>
        <span className="num flex-none text-fg-2">
          {counts.done > 0 ? `${counts.done} of ${counts.included} done` : `${counts.included} of ${plan.steps.length} selected`}
        </span>
        <span className="min-w-0 flex-1 truncate text-right text-fg-2">{isOpen ? "" : plan.task}</span>
        <IconButton size="sm" label={isOpen ? "Collapse plan" : "Expand plan"} aria-expanded={isOpen} onClick={() => setChoice(!isOpen)}>
          {isOpen ? <ChevronUp size={14} /> : <ChevronDown size={14} />}
        </IconButton>
      </header>
      {isOpen ? (
        <div className="border-t border-line-0">
          {plan.task ? (
            <div className="flex px-2 pt-1.5">
              <EditableLine
                isWhole
                value={plan.task}
                label="Plan goal"
                maxLength={2_000}
                onSave={(task) => control.edit(() => ({ task }))}
                className="leading-note text-fg-1"
              />
            </div>
          ) : null}
          <ol role="list" aria-label="Steps" className="flex flex-col py-1.5">
            {plan.steps.map((step, index) => (
              <li
                key={step.id}
                {...reorder.item(step.id)}
                data-status={step.status}
                className={cx("group flex min-h-8 items-start gap-1.5 pr-1.5 pl-1.5 data-dragged:opacity-40 narrow:min-h-11", reorderLine)}
              >
                <button
                  type="button"
                  aria-label={`Move step ${index + 1}: ${nameOf(step.id)}`}
                  title="Drag, or press the arrow keys"
                  {...reorder.grip(step.id)}
                  className="mt-1 grid h-6 w-4 flex-none cursor-grab narrow:mt-2.5 place-items-center rounded-1 text-fg-3 hover:bg-bg-3 hover:text-fg-0 narrow:w-6"
                >
                  <GripVertical size={14} aria-hidden="true" />
                </button>
                <span className="mt-1.75 flex-none narrow:mt-3.25">
                  {step.status === "completed" ? (
                    <span role="img" aria-label="Done" className="grid size-3.75 place-items-center rounded-full bg-ok-soft text-ok">
                      <Check size={11} strokeWidth={2.4} />
                    </span>
                  ) : (
                    <Checkbox
                      isChecked={step.is_included}
                      onChange={(is_included) => editStep(step.id, { is_included })}
                      label={`Include step ${index + 1}: ${step.step}`}
                      isLabelHidden
                    />
                  )}
                </span>
                <span className="flex min-w-0 flex-1 py-0.75 narrow:py-2.25">
                  <EditableLine
                    isWhole
                    value={step.step}
                    label={`Step ${index + 1}`}
                    maxLength={500}
                    onSave={(text) => editStep(step.id, { step: text.replaceAll(/\s+/g, " ") })}
                    className={cx(
                      "leading-note",
                      !step.is_included && "text-fg-3 line-through decoration-line-1",
                      step.status === "in_progress" && "font-medium",
                    )}
                  />
                </span>
                {step.status === "in_progress" ? <span className="mt-2 flex-none text-xs font-medium text-fg-0">in progress</span> : null}
                {plan.steps.length > 1 ? (
                  <IconButton
                    size="sm"
                    className="mt-1 narrow:mt-1"
                    label={`Remove step ${index + 1}`}
                    onClick={() => control.edit(({ steps }) => ({ steps: steps.filter((one) => one.id !== step.id) }))}
                  >
                    <X size={14} />
                  </IconButton>
                ) : null}
              </li>
            ))}
          </ol>
          {isAdding ? (
            <NewStep
              onAdd={(text) =>
                control.edit(({ steps }) => ({
                  steps: [...steps, { id: crypto.randomUUID(), step: text, status: "pending", is_included: true }],
                }))
              }
              onEnd={() => setIsAdding(false)}
            />
          ) : null}
          {plan.critical_files.length > 0 ? (
            <p className="flex flex-wrap gap-x-2 gap-y-0.5 px-3 pb-2 text-xs text-fg-2">
              <span>Files:</span>
              {plan.critical_files.map((path) => (
                <code key={path} className="font-mono text-xs break-all">
                  {path}
                </code>
              ))}
            </p>
          ) : null}
          <footer className="flex flex-wrap items-center gap-1 border-t border-line-0 px-2 py-1.5">
            <Button
              size="sm"
              variant="ghost"
              icon={<Plus size={14} />}
              disabled={plan.steps.length >= 50}
              onClick={() => setIsAdding(true)}
            >
              Add step
            </Button>
            <Button size="sm" variant="ghost" onClick={() => setIsDiscarding(true)}>
              Discard plan
            </Button>
            <span className="ml-auto flex items-center gap-1">
              <Menu
                label="Build mode"
                side="top"
                align="end"
                choice={{ value: mode, onChange: (value) => setMode(value as EditMode), options: buildModes }}
                trigger={
                  <Button size="sm" variant="ghost" aria-label={`Build mode: ${modeOf(mode).label}`}>
                    {modeOf(mode).label}
                    <ChevronDown size={14} className="text-fg-3" />
                  </Button>
                }
              />
              <Button
                size="sm"
                variant="primary"
                icon={<Hammer size={14} />}
                isLoading={isBuilding}
                disabled={isRunning || counts.toDo === 0}
                onClick={() => {
                  setIsBuilding(true);
                  void onBuild(mode)
                    .then((refused) => setFailure(refused?.message))
                    .finally(() => setIsBuilding(false));
                }}
              >
                {counts.toDo === 0 ? "Build" : `Build ${counted(counts.toDo, "step")}`}
              </Button>
            </span>
          </footer>
        </div>
      ) : null}
      {said ? (
        <p role="alert" className="px-3 pb-2 text-xs leading-note text-err">
          {said}
        </p>
      ) : null}
      <span role="status" className="sr-only">
        {reorder.said}
      </span>
      <ConfirmDialog
        isOpen={isDiscarding}
        onOpenChange={setIsDiscarding}
        title="Discard this plan?"
        confirmLabel="Discard plan"
        loadingWord="Discarding…"
        isDanger
        onConfirm={control.discard}
      >
        This discards {counted(plan.steps.length, "step")}. Work already done is kept.
      </ConfirmDialog>
    </section>
  );
}

/** Enter adds the step and starts the next one. Escape, or an empty field, closes it. */
function NewStep({ onAdd, onEnd }: { onAdd: (text: string) => void; onEnd: () => void }) {
  const [text, setText] = useState("");
  const add = () => {
    const step = text.replaceAll(/\s+/g, " ").trim();
    setText("");
    if (step !== "") onAdd(step);
    return step !== "";
  };
  return (
    <div className="flex px-3 pb-2">
      <textarea
        autoFocus
        aria-label="New step"
        placeholder="Describe the step"
        rows={1}
        maxLength={500}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          add();
          onEnd();
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            setText("");
            onEnd();
          } else if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            if (!add()) onEnd();
          }
        }}
        className="field-sizing-content max-h-32 min-w-0 flex-1 resize-none rounded-2 border border-line-1 bg-bg-1 px-2 py-1 text-fg-0 outline-none focus:outline-2 focus:-outline-offset-1 focus:outline-focus narrow:text-lg"
      />
    </div>
  );
}
