import { useEffect } from "react";
import { useHandler } from "../lib/use-handler.ts";
import { ShortcutTable } from "../ui/page/ShortcutTable.tsx";
import { scrollable } from "../ui/scrollable.ts";

/** Shows the shortcuts while the code of their sheet loads. */
export function HelpFrame({ onClose }: { onClose: () => void }) {
  const close = useHandler(onClose);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [close]);
  return (
    <div
      role="dialog"
      aria-label="Keyboard shortcuts"
      {...scrollable}
      className="fixed inset-y-2 right-2 z-50 w-105 max-w-floating rounded-4 border border-line-0 bg-bg-1 scroll-y px-4 pt-3 text-sm shadow-3 narrow:inset-x-0 narrow:top-auto narrow:bottom-0 narrow:w-auto narrow:max-w-none narrow:rounded-b-none narrow:pb-4"
    >
      <h2 className="mb-4 text-md">Keyboard shortcuts</h2>
      <ShortcutTable />
    </div>
  );
}
