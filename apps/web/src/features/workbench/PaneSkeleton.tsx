import { Skeleton } from "../../ui/Skeleton.tsx";

/** While the code of a view loads. */
export const PaneSkeleton = () => (
  <div role="status" aria-label="Loading view…" className="grid min-h-0 flex-1 content-start gap-3 p-4">
    <Skeleton className="h-7 w-56" />
    <Skeleton className="h-32" />
    <Skeleton className="h-32" />
  </div>
);
