import type { Model, Reasoning } from "@tesslate/contract";
import { Brain, ChevronDown } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { reasoningLabels } from "../models/index.ts";

const standard = { value: "default", label: "Default", hint: "The setting of the agent, or else of the model" };

/** Selects how much the model thinks. Nothing for models where that cannot be chosen. */
export function ReasoningMenu({
  model,
  reasoning,
  onReasoning,
}: {
  model: Model | undefined;
  /** Null: the default of the agent or the model. */
  reasoning: Reasoning | null;
  onReasoning: (reasoning: Reasoning | null) => void;
}) {
  const offered = model?.reasoning ?? [];
  if (offered.length === 0) return null;
  const picked = reasoning !== null && offered.includes(reasoning) ? reasoning : null;
  const label = picked === null ? standard.label : reasoningLabels[picked].label;
  return (
    <Menu
      label="Thinking"
      side="top"
      choice={{
        value: picked ?? standard.value,
        onChange: (value) => onReasoning(offered.find((level) => level === value) ?? null),
        options: [standard, ...offered.map((value) => ({ value, ...reasoningLabels[value] }))],
      }}
      trigger={
        <Button size="sm" variant="ghost" aria-label={`Thinking: ${label}`}>
          <Brain size={14} className="text-fg-3" aria-hidden="true" />
          {picked === null ? null : <span className="tight:hidden">{label}</span>}
          <ChevronDown size={14} className="text-fg-3 tight:hidden" />
        </Button>
      }
    />
  );
}
