import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";

export interface TabSpec {
  value: string;
  label: string;
  icon?: ReactNode;
  count?: number;
  /** Red only for errors. */
  isCountError?: boolean;
}
const tab =
  "relative inline-flex items-center gap-1.5 px-2.25 text-xs font-medium whitespace-nowrap text-fg-2 transition-colors hover:text-fg-0 focus-visible:-outline-offset-2 narrow:px-3 narrow:text-sm " +
  "data-[state=active]:text-fg-0 data-[state=active]:after:absolute data-[state=active]:after:inset-x-2 data-[state=active]:after:-bottom-px data-[state=active]:after:h-0.5 data-[state=active]:after:rounded-[1px] data-[state=active]:after:bg-fg-0";

export const TabCount = ({ count, isError = false }: { count: number; isError?: boolean }) => (
  <span
    className={cx(
      "num rounded-full px-1.25 py-0.75 text-2xs leading-none font-medium",
      isError ? "bg-err-soft text-err" : "bg-bg-3 text-fg-2",
    )}
  >
    {count}
  </span>
);

export interface TabsProps {
  tabs: readonly TabSpec[];
  value: string;
  onChange: (value: string) => void;
  label: string;
  size?: "md" | "dock";
  /** Controls at the end of the bar. */
  end?: ReactNode;
  /** `<TabPanel>`s. */
  children: ReactNode;
  className?: string;
}

/** Tab bar with panels. Where each tab is a route of its own, use `NavTabs`-style links with `tabClass`. */
export function Tabs({ tabs, value, onChange, label, size = "md", end, children, className }: TabsProps) {
  return (
    <Radix.Root value={value} onValueChange={onChange} className={cx("flex min-h-0 flex-col", className)}>
      <div
        className={cx(
          "flex flex-none items-stretch border-b border-line-0 px-1.5",
          size === "dock" ? "h-8 narrow:h-11" : "h-9 narrow:h-11",
        )}
      >
        <Radix.List aria-label={label} className="flex min-w-0 items-stretch gap-0.5 overflow-x-auto [scrollbar-width:none]">
          {tabs.map((spec) => (
            <Radix.Trigger key={spec.value} value={spec.value} className={tab}>
              {spec.icon}
              {spec.label}
              {spec.count ? <TabCount count={spec.count} isError={spec.isCountError ?? false} /> : null}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {end ? <div className="ml-auto flex items-center gap-1 pl-2">{end}</div> : null}
      </div>
      {children}
    </Radix.Root>
  );
}

/** `isKept` leaves the panel mounted (and hidden) while another tab shows: terminals, editors. */
export const TabPanel = ({
  value,
  isKept = false,
  children,
  className,
}: {
  value: string;
  isKept?: boolean;
  children: ReactNode;
  className?: string;
}) => (
  <Radix.Content
    value={value}
    {...(isKept && { forceMount: true as const })}
    className={cx("min-h-0 flex-1 outline-none data-[state=inactive]:hidden", className)}
  >
    {children}
  </Radix.Content>
);

/** The look of a tab for router links; mark the active one with `data-state="active"`. */
export const tabClass = tab;
