import type { ReactNode } from "react";

/** One key cap. */
export const Kbd = ({ children }: { children: ReactNode }) => (
  <kbd className="key inline-grid h-4.25 min-w-4.25 place-items-center rounded-1 bg-bg-3 px-1 font-sans text-2xs leading-none font-medium text-fg-2">
    {children}
  </kbd>
);

/** Several caps in a row. */
export const Kbds = ({ caps }: { caps: readonly string[] }) => (
  <span className="inline-flex gap-0.5">
    {caps.map((cap, index) => (
      <Kbd key={`${cap}-${index}`}>{cap}</Kbd>
    ))}
  </span>
);
