import { usePageTitle } from "../../src/lib/page-title.ts";
import { ThemeButton } from "../../src/ui/page/ThemeButton.tsx";
import { ChartSamples } from "./ChartSamples.tsx";
import { ControlsSamples } from "./ControlsSamples.tsx";
import { FormSamples } from "./FormSamples.tsx";
import { ListSamples } from "./ListSamples.tsx";
import { OverlaySamples } from "./OverlaySamples.tsx";
import { Sample } from "./Sample.tsx";
import { StateSamples } from "./StateSamples.tsx";
import { ThreadSamples } from "./ThreadSamples.tsx";

/** Every component in every state, on one page, and links to the states of the workbench. */
export function ComponentsPage({ scenarios }: { scenarios: readonly { id: string; title: string }[] }) {
  usePageTitle("Components");
  return (
    <main className="h-full scroll-y">
      <div className="mx-auto max-w-344 px-8 pt-7 pb-12 narrow:px-4">
        <div className="flex items-center">
          <h1 className="flex-1 font-display text-[24px] leading-tight tracking-title">Components</h1>
          <ThemeButton />
        </div>
        <div className="mt-6 grid grid-cols-3 gap-x-8 gap-y-7 mid:grid-cols-1">
          <ThreadSamples />
          <ControlsSamples />
          <FormSamples />
          <StateSamples />
          <OverlaySamples />
          <ListSamples />
          <ChartSamples />
          <Sample title="States of the workbench">
            <ul role="list" className="grid gap-1">
              {scenarios.map(({ id, title }) => (
                <li key={id}>
                  <a className="link" href={`?state=${id}`}>
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </Sample>
        </div>
      </div>
    </main>
  );
}
