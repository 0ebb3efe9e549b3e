import { Sheet } from "../Sheet.tsx";
import { ShortcutTable } from "./ShortcutTable.tsx";

export function HelpSheet({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <Sheet isOpen={isOpen} onOpenChange={onOpenChange} title="Keyboard shortcuts" isText>
      <ShortcutTable />
    </Sheet>
  );
}
