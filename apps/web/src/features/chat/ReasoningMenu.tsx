import type { Model, Reasoning } from "@tesslate/contract";
import { Brain, ChevronDown } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { Menu } from "../../ui/Menu.tsx";

const levels: Record<Reasoning, { label: string; hint: string }> = {
  off: { label: "Off", hint: "Answers without thinking first" },
  low: { label: "Low", hint: "Thinks briefly" },
  medium: { label: "Medium", hint: "Thinks before difficult steps" },
  high: { label: "High", hint: "Thinks at length; slower and more expensive" },
};
const standard = { value: "default", label: "Default", hint: "The model's own setting" };

/** Selects how much the model thinks. Nothing for models where that cannot be chosen. */
export function ReasoningMenu({
  model,
  reasoning,
  onReasoning,
}: {
  model: Model | undefined;
  /** Null: the model's default. */
  reasoning: Reasoning | null;
  onReasoning: (reasoning: Reasoning | null) => void;
}) {
  const offered = model?.reasoning ?? [];
  if (offered.length === 0) return null;
  const picked = reasoning !== null && offered.includes(reasoning) ? reasoning : null;
  const label = picked === null ? standard.label : levels[picked].label;
  return (
    <Menu
      label="Thinking"
      side="top"
      choice={{
        value: picked ?? standard.value,
        onChange: (value) => onReasoning(offered.find((level) => level === value) ?? null),
        options: [standard, ...offered.map((value) => ({ value, ...levels[value] }))],
      }}
      trigger={
        <Button size="sm" variant="ghost" aria-label={`Thinking: ${label}`}>
          <Brain size={14} className="text-fg-3" aria-hidden="true" />
          {picked === null ? null : label}
          <ChevronDown size={14} className="text-fg-3" />
        </Button>
      }
    />
  );
}
