import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { Input } from "../../ui/Input.tsx";

/** Creates a column, at the end of the board. */
export function NewColumn({ onAdd }: { onAdd: (name: string) => Promise<unknown> }) {
  const [name, setName] = useState<string>();
  const [isAdding, setIsAdding] = useState(false);
  if (name === undefined)
    return (
      <div className="w-55 flex-none narrow:w-column">
        <Button variant="ghost" icon={<Plus size={14} />} onClick={() => setName("")}>
          Add column
        </Button>
      </div>
    );
  const add = async () => {
    if (name.trim() === "" || isAdding) return;
    setIsAdding(true);
    const made = await onAdd(name.trim());
    setIsAdding(false);
    if (made !== undefined) setName(undefined);
  };
  return (
    <form
      className="grid w-68 flex-none content-start gap-2 rounded-3 bg-bg-2 p-2 narrow:w-column"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Input
        size="sm"
        autoFocus
        aria-label="New column name"
        placeholder="Column name"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setName(undefined)}
      />
      <div className="flex gap-1.5">
        <Button size="sm" type="submit" isLoading={isAdding} loadingWord="Adding column…" disabled={name.trim() === ""}>
          Add column
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setName(undefined)}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
