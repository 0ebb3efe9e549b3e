import type { ReactNode } from "react";

/** One titled box of the components page. */
export function Sample({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="mb-2.5 flex gap-2 text-sm">
        {title}
        {note ? <span className="font-regular text-fg-2">{note}</span> : null}
      </h2>
      {children}
    </section>
  );
}
