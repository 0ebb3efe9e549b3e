import { Activity, Suspense } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { useWorkbenchLayout } from "./layout-context.ts";
import { PaneSkeleton } from "./PaneSkeleton.tsx";
import { ResizeEdge } from "./ResizeEdge.tsx";
import { dockHeight } from "./use-layout.ts";
import { stayingViews, viewTable } from "./views.tsx";
import { ViewTabs } from "./ViewTabs.tsx";

const Dock = lazyComponent(async () => (await import("./Dock.tsx")).Dock);

/** The tabs, the current view, and the bottom panel. */
export function WorkbenchSheet() {
  const { view, phoneView, layout } = useWorkbenchLayout();
  const { View, label, stays } = viewTable[view];
  return (
    <>
      <ViewTabs />
      <div className={phoneView === "dock" ? "flex min-h-0 flex-1 flex-col narrow:hidden" : "flex min-h-0 flex-1 flex-col"}>
        {stayingViews.map((name) => {
          const Staying = viewTable[name].View;
          return viewTable[name].stays === "running" ? (
            <div key={name} className={view === name ? "flex min-h-0 flex-1 flex-col" : "hidden"}>
              <Staying />
            </div>
          ) : (
            <Activity key={name} mode={view === name ? "visible" : "hidden"}>
              <Staying />
            </Activity>
          );
        })}
        {stays ? null : (
          <PanelBoundary title={`Something went wrong in ${label}`} resetKeys={[view]}>
            <Suspense fallback={<PaneSkeleton />}>
              <View />
            </Suspense>
          </PanelBoundary>
        )}
      </div>
      {layout.isDockOpen ? <DockRegion /> : null}
    </>
  );
}

function DockRegion() {
  const { phoneView, layout, setLayout } = useWorkbenchLayout();
  return (
    <div
      data-region="dock"
      className={
        phoneView === "dock"
          ? "relative flex-none border-t border-line-0 narrow:h-auto! narrow:flex-1"
          : "relative flex-none border-t border-line-0 narrow:hidden"
      }
      style={{ height: layout.dockPx }}
    >
      <ResizeEdge
        label="Bottom panel height"
        orientation="horizontal"
        valuePx={layout.dockPx}
        minPx={dockHeight.min}
        maxPx={dockHeight.max}
        defaultPx={dockHeight.initial}
        growsForward={false}
        onChange={(dockPx) => setLayout({ dockPx })}
        className="workbench-edge inset-x-0 -top-1"
      />
      <PanelBoundary title="Something went wrong in the bottom panel" resetKeys={[layout.dockTab]}>
        <Suspense fallback={<PaneSkeleton />}>
          <Dock />
        </Suspense>
      </PanelBoundary>
    </div>
  );
}
