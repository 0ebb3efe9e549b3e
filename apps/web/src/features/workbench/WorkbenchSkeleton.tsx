import type { CSSProperties } from "react";
import { useRootFlag } from "../../lib/use-root-flag.ts";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";
import { isView } from "../../project/views.ts";
import { chatSizeOf } from "./chat-size.ts";
import type { PhoneView } from "./layout-context.ts";
import { PaneSkeleton } from "./PaneSkeleton.tsx";
import { useLayout } from "./use-layout.ts";
import "./workbench.css";

/** Placeholder of the workbench while the project loads. `opensOn` is what a phone shows. */
export function WorkbenchSkeleton({ opensOn }: { opensOn: PhoneView }) {
  useRootFlag("workbench");
  const [layout] = useLayout();
  const { chatPx, isFolded } = chatSizeOf(layout, isView(opensOn) ? opensOn : "preview");
  return (
    <div
      className="workbench flex-1"
      data-phone-view={opensOn}
      data-folded={isFolded || undefined}
      style={{ ...(!isFolded && { "--chat-width": `${chatPx}px` }) } as CSSProperties}
      aria-busy="true"
    >
      <div className="workbench-top flex items-center px-2">
        <Skeleton className="h-4 w-40" />
      </div>
      <div className="workbench-chat flex flex-col justify-end overflow-hidden p-6">
        <SkeletonRows count={4} label="Loading project…" />
      </div>
      <div className="workbench-sheet flex flex-col rounded-4 border border-line-0 bg-bg-1">
        <PaneSkeleton />
      </div>
    </div>
  );
}
