import { Plus, X } from "lucide-react";
import { useId } from "react";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";

/** A header or variable while it is edited. A stored one keeps its value if the field is empty. */
export interface SecretPair {
  id: string;
  name: string;
  value: string;
  isStored: boolean;
}
let made = 0;
export const newPair = (name = "", isStored = false): SecretPair => ({ id: `pair-${++made}`, name, value: "", isStored });

/** Changes by name: null removes, a string sets; unchanged pairs are absent. */
export function changedSecrets(pairs: readonly SecretPair[], stored: readonly string[]): Record<string, string | null> {
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

const texts = {
  header: { title: "Headers", name: "Header name", value: "Header value", remove: "Remove header", add: "Add header" },
  variable: { title: "Variables", name: "Variable name", value: "Variable value", remove: "Remove variable", add: "Add variable" },
};
const examples = { header: "Authorization", variable: "API_KEY" };

/** Names and values. Stored values are never shown. */
export function SecretPairs({
  kind,
  pairs,
  onChange,
}: {
  kind: "header" | "variable";
  pairs: readonly SecretPair[];
  onChange: (pairs: SecretPair[]) => void;
}) {
  const id = useId();
  const text = texts[kind];
  const change = (at: string, more: Partial<SecretPair>) => onChange(pairs.map((pair) => (pair.id === at ? { ...pair, ...more } : pair)));
  return (
    <div role="group" aria-labelledby={id} className="grid grid-cols-1 gap-1.5">
      <span id={id} className="text-fg-1">
        {text.title}
      </span>
      {pairs.map((pair) => (
        <div key={pair.id} className="flex items-center gap-1.5">
          <div className="w-[38%] flex-none">
            <Input
              aria-label={text.name}
              className="font-mono"
              placeholder={examples[kind]}
              autoComplete="off"
              readOnly={pair.isStored}
              value={pair.name}
              onChange={(event) => change(pair.id, { name: event.target.value })}
            />
          </div>
          <div className="min-w-0 flex-1">
            <PasswordInput
              noun="value"
              aria-label={pair.name ? `Value of ${pair.name}` : text.value}
              className="font-mono"
              autoComplete="off"
              placeholder={pair.isStored ? "Stored. Leave empty to keep it" : ""}
              value={pair.value}
              onChange={(event) => change(pair.id, { value: event.target.value })}
            />
          </div>
          <IconButton
            label={pair.name ? `Remove ${pair.name}` : text.remove}
            size="sm"
            onClick={() => onChange(pairs.filter((p) => p.id !== pair.id))}
          >
            <X size={14} />
          </IconButton>
        </div>
      ))}
      <div>
        <Button size="sm" variant="ghost" onClick={() => onChange([...pairs, newPair()])}>
          <Plus size={14} /> {text.add}
        </Button>
      </div>
    </div>
  );
}
