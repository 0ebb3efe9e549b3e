import { Activity, Suspense, useRef } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { cx } from "../../lib/cx.ts";
import { useWidth } from "../../lib/use-width.ts";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { useWorkbenchLayout } from "./layout-context.ts";
import { PaneSkeleton } from "./PaneSkeleton.tsx";
import { ResizeEdge } from "./ResizeEdge.tsx";
import { dockHeight } from "./use-layout.ts";
import { stayingViews, viewTable } from "./views.tsx";
import { ViewTabs } from "./ViewTabs.tsx";

const Dock = lazyComponent(async () => (await import("./Dock.tsx")).Dock);

/** The narrowest part of a split. */
const minSplitPx = 240;

/** The tabs, the current view or Code beside Preview, and the bottom panel. */
export function WorkbenchSheet() {
  const { view, isShown, phoneView, layout, split, setSplit } = useWorkbenchLayout();
  const { View, label, stays } = viewTable[view];
  const room = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(room);
  const isSplit = isShown("preview") && isShown("code");
  const maxPx = Math.max(minSplitPx, widthPx - minSplitPx);
  const previewPx = Math.round(Math.min(maxPx, Math.max(minSplitPx, widthPx * split.share)));
  return (
    <>
      <ViewTabs />
      <div ref={room} className={cx("flex min-h-0 flex-1", isSplit ? "flex-row" : "flex-col", phoneView === "dock" && "narrow:hidden")}>
        {stayingViews.map((name) => {
          const { View: Staying, stays: how } = viewTable[name];
          const mode = isShown(name) ? "visible" : "hidden";
          return (
            <div
              key={name}
              role={isSplit ? "region" : undefined}
              aria-label={isSplit ? viewTable[name].label : undefined}
              className={
                mode === "visible"
                  ? cx("relative flex min-h-0 min-w-0 flex-1 flex-col border-line-0", isSplit && name === "preview" && "border-r")
                  : "hidden"
              }
              style={isSplit && name === "preview" ? { flex: `0 0 ${previewPx}px` } : undefined}
            >
              {how === "running" ? (
                <Staying />
              ) : (
                <Activity mode={mode}>
                  <Staying />
                </Activity>
              )}
              {isSplit && name === "preview" ? (
                <ResizeEdge
                  label="Preview width"
                  orientation="vertical"
                  valuePx={previewPx}
                  minPx={minSplitPx}
                  maxPx={maxPx}
                  defaultPx={widthPx / 2}
                  growsForward
                  onChange={(px) => widthPx > 0 && setSplit({ share: px / widthPx })}
                  className="workbench-edge inset-y-0 -right-1"
                />
              ) : null}
            </div>
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
