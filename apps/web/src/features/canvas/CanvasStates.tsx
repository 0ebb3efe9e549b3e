import { Plus } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";

/** The area that the canvas fills. */
export const planeClass = "relative min-h-0 min-w-0 flex-1 overflow-hidden bg-bg-0 outline-none";

/** Placeholders of nodes while the canvas loads. */
export const CanvasSkeleton = () => (
  <div role="status" aria-busy="true" aria-label="Loading canvas…" className={planeClass}>
    {["left-[12%] top-[38%]", "left-[44%] top-[26%]", "left-[44%] top-[56%]"].map((place) => (
      <Skeleton key={place} className={`absolute! h-22.25 w-52 rounded-3! ${place}`} />
    ))}
  </div>
);

/** A canvas with nothing on it. */
export const CanvasEmpty = ({ onAdd, onAsk }: { onAdd: () => void; onAsk: () => void }) => (
  <div className="pointer-events-none absolute inset-0 z-4 grid place-items-center">
    <EmptyState
      title="No services yet"
      className="pointer-events-auto max-w-md rounded-4 border border-line-0 bg-bg-1"
      action={
        <div className="flex flex-wrap gap-2">
          <Button variant="primary" icon={<Plus size={14} />} onClick={onAdd}>
            Add service
          </Button>
          <Button variant="ghost" onClick={onAsk}>
            Ask the agent
          </Button>
        </div>
      }
    >
      Databases, caches, apps and external services appear here. A connection passes environment variables from one to the other.
    </EmptyState>
  </div>
);
