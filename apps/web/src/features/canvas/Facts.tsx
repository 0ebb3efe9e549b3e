import type { ReactNode } from "react";

/** A label and a value in the details. */
export const DetailField = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className="flex min-h-7 gap-3 text-xs">
    <dt className="w-24 flex-none pt-1.25 text-fg-2">{label}</dt>
    <dd className="flex min-w-0 flex-1 flex-col justify-center break-words text-fg-0">{children}</dd>
  </div>
);
/** A section of the details with a title. */
export const DetailSection = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="border-t border-line-0 px-4 py-3">
    <h3 className="mb-1.5 text-xs font-medium text-fg-1">{title}</h3>
    {children}
  </section>
);
