import type { Container, Task } from "@tesslate/contract";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { DetailSection } from "./Facts.tsx";
import { touchesOf } from "./touches.ts";

/** The latest operations on a container. */
export function Touched({ container, tasks }: { container: Container; tasks: readonly Task[] }) {
  const touches = touchesOf(container, tasks);
  if (touches.length === 0) return null;
  return (
    <DetailSection title="Recent changes">
      <Thread label={`Recent changes of ${container.name}`} className="-ml-2 text-xs">
        {touches.map((touch, index) => (
          <ThreadItem
            key={touch.id}
            bead={touch.bead}
            line={touch.line}
            {...(index === 0 ? { edge: touches.length === 1 ? "both" : "start" } : index === touches.length - 1 ? { edge: "end" } : {})}
            className={touches.length === 1 ? "pb-1 before:hidden" : "pb-1"}
          >
            <span className="flex min-h-5.5 items-center gap-2">
              <span className="min-w-0 flex-1 truncate" title={touch.text}>
                {touch.text}
              </span>
              <RelativeTime at={touch.at} className="flex-none text-fg-3" />
            </span>
          </ThreadItem>
        ))}
      </Thread>
    </DetailSection>
  );
}
