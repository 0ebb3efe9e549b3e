import { Info, TriangleAlert } from "lucide-react";
import { memo } from "react";
import type { NoticePart } from "./chat.types.ts";

/** A notice of the run, for example that packages are installed or that another model answers. */
export const NoticeRow = memo(({ part }: { part: NoticePart }) => (
  <p
    role="status"
    className="flex min-h-(--row) min-w-0 items-start gap-1.75 py-1 text-xs leading-note text-fg-2 narrow:min-h-9 narrow:text-sm"
  >
    {part.level === "warning" ? (
      <TriangleAlert size={14} className="mt-px flex-none text-warn" aria-hidden="true" />
    ) : (
      <Info size={14} className="mt-px flex-none text-fg-3" aria-hidden="true" />
    )}
    <span className="min-w-0 break-words">{part.message}</span>
  </p>
));
