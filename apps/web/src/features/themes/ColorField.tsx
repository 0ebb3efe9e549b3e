import { parseColor } from "@tesslate/contract";
import { toHex } from "../../theme/color.ts";
import { Input } from "../../ui/Input.tsx";

/** A color as text, with the browser's color picker, which only returns opaque colors. */
export function ColorField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const color = parseColor(value);
  return (
    <div className="flex items-center gap-2">
      <input
        type="color"
        aria-label={`${label} color picker`}
        value={color ? toHex(color).toLowerCase() : toHex({ r: 0, g: 0, b: 0, a: 1 })}
        onChange={(event) => onChange(event.target.value)}
        className="size-7 flex-none cursor-pointer rounded-2 border border-line-1 bg-transparent p-0.5 narrow:size-11"
      />
      <Input value={value} spellCheck={false} maxLength={64} onChange={(event) => onChange(event.target.value)} boxClassName="min-w-0" />
    </div>
  );
}
