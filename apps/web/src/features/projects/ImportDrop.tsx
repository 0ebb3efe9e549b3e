import { Suspense, useState, type RefObject } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { useDroppedItems } from "../../lib/use-dropped-files.ts";
import { droppedOf, type Dropped } from "./dropped.ts";

const ImportDialog = lazyComponent(async () => (await import("./ImportDialog.tsx")).ImportDialog);

/** Opens the import dialog with a folder or a zip archive that is dropped on an element. */
export function ImportDrop({ on }: { on: RefObject<HTMLElement | null> }) {
  const [dropped, setDropped] = useState<Dropped>();
  const { isOver } = useDroppedItems(on, (items) => setDropped(droppedOf(items)));
  return (
    <>
      {isOver ? (
        <div className="pointer-events-none fixed inset-2 z-10 grid place-items-center rounded-3 border-2 border-dashed border-fg-0 bg-bg-1/90">
          <p className="text-md text-fg-0">Drop a folder or a zip archive to import it</p>
        </div>
      ) : null}
      {dropped ? (
        <Suspense fallback={null}>
          <ImportDialog dropped={dropped} onClose={() => setDropped(undefined)} />
        </Suspense>
      ) : null}
    </>
  );
}
