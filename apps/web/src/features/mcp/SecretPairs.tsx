import { Plus, X } from "lucide-react";
import { useId } from "react";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";

/** One header or variable as it is being edited. A stored one keeps its value while the field is empty. */
export interface SecretPair {
  id: string;
  name: string;
  value: string;
  isStored: boolean;
}
let made = 0;
export const newPair = (name = "", isStored = false): SecretPair => ({ id: `pair-${++made}`, name, value: "", isStored });

/** What was taken away (null), set anew, or left as it is (absent). */
export function changesOf(pairs: readonly SecretPair[], stored: readonly string[]): Record<string, string | null> {
  const kept = new Set(pairs.filter((pair) => pair.isStored).map((pair) => pair.name));
  return {
    ...Object.fromEntries(stored.filter((name) => !kept.has(name)).map((name) => [name, null])),
    ...Object.fromEntries(
      pairs
        .filter((pair) => pair.name.trim() !== "" && (!pair.isStored || pair.value !== ""))
        .map((pair) => [pair.name.trim(), pair.value]),
    ),
  };
}

/** Names with values that are written and never shown again. */
export function SecretPairs({
  title,
  noun,
  placeholder,
  pairs,
  onChange,
}: {
  title: string;
  /** "header", "variable". */
  noun: string;
  placeholder: string;
  pairs: readonly SecretPair[];
  onChange: (pairs: SecretPair[]) => void;
}) {
  const id = useId();
  const change = (at: string, more: Partial<SecretPair>) => onChange(pairs.map((pair) => (pair.id === at ? { ...pair, ...more } : pair)));
  return (
    <div role="group" aria-labelledby={id} className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
      <span id={id} className="text-fg-1">
        {title}
      </span>
      {pairs.map((pair) => (
        <div key={pair.id} className="flex items-center gap-1.5">
          <div className="w-[38%] flex-none">
            <Input
              aria-label={`Name of the ${noun}`}
              className="font-mono"
              placeholder={placeholder}
              autoComplete="off"
              readOnly={pair.isStored}
              value={pair.name}
              onChange={(event) => change(pair.id, { name: event.target.value })}
            />
          </div>
          <div className="min-w-0 flex-1">
            <PasswordInput
              noun="value"
              aria-label={`Value of ${pair.name || `the ${noun}`}`}
              className="font-mono"
              autoComplete="off"
              placeholder={pair.isStored ? "Stored; empty keeps it" : ""}
              value={pair.value}
              onChange={(event) => change(pair.id, { value: event.target.value })}
            />
          </div>
          <IconButton
            label={`Remove ${pair.name || `the ${noun}`}`}
            size="sm"
            onClick={() => onChange(pairs.filter((p) => p.id !== pair.id))}
          >
            <X size={14} />
          </IconButton>
        </div>
      ))}
      <div>
        <Button size="sm" variant="ghost" onClick={() => onChange([...pairs, newPair()])}>
          <Plus size={14} /> Add a {noun}
        </Button>
      </div>
    </div>
  );
}
