import { usePageTitle } from "../../lib/page-title.ts";
import { ThemeButton } from "../../ui/page/ThemeButton.tsx";
import { ControlsSamples } from "./ControlsSamples.tsx";
import { OverlaySamples } from "./OverlaySamples.tsx";
import { StateSamples } from "./StateSamples.tsx";
import { ThreadSamples } from "./ThreadSamples.tsx";

/** Every primitive in every state, on one page. */
export function ComponentsPage() {
  usePageTitle("Components");
  return (
    <main className="h-full scroll-y">
      <div className="mx-auto max-w-[1376px] px-8 pt-7 pb-12 narrow:px-4">
        <div className="flex items-center">
          <h1 className="flex-1 font-display text-[24px] leading-tight tracking-title">Components</h1>
          <ThemeButton />
        </div>
        <div className="mt-6 grid grid-cols-3 gap-x-8 gap-y-7 mid:grid-cols-1">
          <ThreadSamples />
          <ControlsSamples />
          <StateSamples />
          <OverlaySamples />
        </div>
      </div>
    </main>
  );
}
