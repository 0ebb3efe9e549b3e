import { Plus } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";

/** Ghosts of nodes while the canvas comes. */
export const CanvasSkeleton = () => (
  <div role="status" aria-busy="true" aria-label="Loading the canvas" className="canvas-plane">
    {["left-[12%] top-[38%]", "left-[44%] top-[26%]", "left-[44%] top-[56%]"].map((place) => (
      <Skeleton key={place} className={`absolute! h-[89px] w-52 rounded-3! ${place}`} />
    ))}
  </div>
);

/** A canvas with nothing on it. */
export const CanvasEmpty = ({ onAdd, onAsk }: { onAdd: () => void; onAsk: () => void }) => (
  <div className="pointer-events-none absolute inset-0 z-[4] grid place-items-center">
    <EmptyState
      title="Add your first service"
      className="pointer-events-auto max-w-md rounded-4 border border-line-0 bg-bg-1"
      action={
        <div className="flex flex-wrap gap-2">
          <Button variant="primary" icon={<Plus size={14} />} onClick={onAdd}>
            Add
          </Button>
          <Button variant="ghost" onClick={onAsk}>
            Ask the agent
          </Button>
        </div>
      }
    >
      Databases, caches, apps and outside services stand here as boxes. Connect two, and one finds the other in its environment.
    </EmptyState>
  </div>
);
