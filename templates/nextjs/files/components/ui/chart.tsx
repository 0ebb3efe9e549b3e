"use client";

import { createContext, use, useId, useMemo, type ComponentProps, type ComponentType, type CSSProperties, type ReactNode } from "react";
import { Legend, ResponsiveContainer, Tooltip, type LegendPayload, type TooltipPayloadEntry } from "recharts";
import { cn } from "@/lib/utils";

/** The series of a chart by their data keys. Each color is available below the container as `var(--color-KEY)`. */
type ChartConfig = Record<
  string,
  { label?: ReactNode; icon?: ComponentType } & (
    | { color?: string; theme?: never }
    | { color?: never; theme: { light: string; dark: string } }
  )
>;

const ChartContext = createContext<{ config: ChartConfig } | null>(null);

function useChart() {
  const chart = use(ChartContext);
  if (!chart) throw new Error("useChart must be used inside <ChartContainer>");
  return chart;
}

interface ChartContainerProps extends ComponentProps<"div"> {
  config: ChartConfig;
  children: ComponentProps<typeof ResponsiveContainer>["children"];
}

function ChartContainer({ id, className, style, children, config, ...props }: ChartContainerProps) {
  const ownId = useId();
  const chart = useMemo(() => ({ config }), [config]);
  return (
    <ChartContext value={chart}>
      <div
        data-slot="chart"
        data-chart={id ?? ownId}
        className={cn(
          "flex aspect-video justify-center text-xs",
          "[&_.recharts-cartesian-axis-tick_text]:fill-muted-foreground [&_.recharts-cartesian-grid_line]:stroke-border/60",
          "[&_.recharts-curve.recharts-tooltip-cursor]:stroke-border [&_.recharts-rectangle.recharts-tooltip-cursor]:fill-muted",
          "[&_.recharts-polar-grid_[stroke='#ccc']]:stroke-border [&_.recharts-radial-bar-background-sector]:fill-muted [&_.recharts-reference-line_[stroke='#ccc']]:stroke-border",
          "[&_.recharts-layer]:outline-hidden [&_.recharts-sector]:outline-hidden [&_.recharts-surface]:outline-hidden",
          className,
        )}
        style={{ ...colorsOf(config), ...style }}
        {...props}
      >
        <ResponsiveContainer initialDimension={{ width: 320, height: 200 }}>{children}</ResponsiveContainer>
      </div>
    </ChartContext>
  );
}

function colorsOf(config: ChartConfig): CSSProperties {
  const colors = Object.entries(config).flatMap(([key, { color, theme }]) => {
    const value = theme ? `light-dark(${theme.light}, ${theme.dark})` : color;
    return value ? [[`--color-${key}`, value]] : [];
  });
  return Object.fromEntries(colors) as CSSProperties;
}

const ChartTooltip = Tooltip;

interface ChartTooltipContentProps extends Omit<ComponentProps<"div">, "content"> {
  active?: boolean;
  payload?: readonly TooltipPayloadEntry[];
  label?: ReactNode;
  labelFormatter?: (label: ReactNode, payload: readonly TooltipPayloadEntry[]) => ReactNode;
  labelClassName?: string;
  formatter?: (
    value: TooltipPayloadEntry["value"],
    name: TooltipPayloadEntry["name"],
    item: TooltipPayloadEntry,
    index: number,
    payload: readonly TooltipPayloadEntry[],
  ) => ReactNode;
  hideLabel?: boolean;
  hideIndicator?: boolean;
  indicator?: "dot" | "line" | "dashed";
  color?: string;
  nameKey?: string;
  labelKey?: string;
}

/** For `<ChartTooltip content={<ChartTooltipContent />} />`: recharts passes `active`, `payload` and `label`. */
function ChartTooltipContent({
  active,
  payload = [],
  label,
  labelFormatter,
  labelClassName,
  formatter,
  hideLabel = false,
  hideIndicator = false,
  indicator = "dot",
  className,
  color,
  nameKey,
  labelKey,
}: ChartTooltipContentProps) {
  const { config } = useChart();
  const [first] = payload;
  if (!active || !first) return null;

  const heading = typeof label === "string" && !labelKey ? (config[label]?.label ?? label) : entryOf(config, first, labelKey)?.label;
  const shownLabel = labelFormatter ? labelFormatter(heading, payload) : heading;

  return (
    <div
      className={cn(
        "grid min-w-32 items-start gap-1.5 rounded-lg border bg-popover px-2.5 py-1.5 text-xs text-popover-foreground shadow-xl",
        className,
      )}
    >
      {!hideLabel && shownLabel != null && <div className={cn("font-medium", labelClassName)}>{shownLabel}</div>}
      <div className="grid gap-1.5">
        {payload
          .filter(({ type }) => type !== "none")
          .map((item, index) => {
            const entry = entryOf(config, item, nameKey);
            const Icon = entry?.icon;
            const indicatorColor = color ?? (item.payload as { fill?: string } | undefined)?.fill ?? item.color;
            if (formatter && item.value !== undefined)
              return (
                <div key={item.graphicalItemId} className="flex w-full items-center gap-2">
                  {formatter(item.value, item.name, item, index, payload)}
                </div>
              );
            return (
              <div key={item.graphicalItemId} className="flex w-full items-center gap-2 [&>svg]:size-2.5 [&>svg]:text-muted-foreground">
                {Icon ? <Icon /> : !hideIndicator && <Indicator kind={indicator} color={indicatorColor} />}
                <span className="text-muted-foreground">{entry?.label ?? item.name}</span>
                <span className="ml-auto pl-4 font-mono font-medium tabular-nums">{shownValue(item.value)}</span>
              </div>
            );
          })}
      </div>
    </div>
  );
}

function Indicator({ kind, color }: { kind: "dot" | "line" | "dashed"; color: string | undefined }) {
  const shape = { dot: "size-2.5 rounded-[2px]", line: "h-3.5 w-1 rounded-[2px]", dashed: "h-3.5 w-0 border-l-2 border-dashed" };
  return <span className={cn("shrink-0", shape[kind])} style={kind === "dashed" ? { borderColor: color } : { background: color }} />;
}

const ChartLegend = Legend;

interface ChartLegendContentProps extends ComponentProps<"div"> {
  payload?: readonly LegendPayload[];
  verticalAlign?: "top" | "middle" | "bottom";
  hideIcon?: boolean;
  nameKey?: string;
}

/** For `<ChartLegend content={<ChartLegendContent />} />`: recharts passes `payload` and `verticalAlign`. */
function ChartLegendContent({ className, payload = [], verticalAlign = "bottom", hideIcon = false, nameKey }: ChartLegendContentProps) {
  const { config } = useChart();
  if (payload.length === 0) return null;
  return (
    <div className={cn("flex flex-wrap items-center justify-center gap-4", verticalAlign === "top" ? "pb-3" : "pt-3", className)}>
      {payload
        .filter(({ type }) => type !== "none")
        .map((item) => {
          const entry = entryOf(config, item, nameKey);
          const Icon = entry?.icon;
          return (
            <div key={String(item.value)} className="flex items-center gap-1.5 [&>svg]:size-3 [&>svg]:text-muted-foreground">
              {Icon && !hideIcon ? <Icon /> : <span className="size-2 shrink-0 rounded-[2px]" style={{ background: item.color }} />}
              {entry?.label ?? item.value}
            </div>
          );
        })}
    </div>
  );
}

/** The configuration of a series. `key` names a field of the data that holds the key, as for the slices of a pie. */
function entryOf(config: ChartConfig, item: TooltipPayloadEntry | LegendPayload, key?: string): ChartConfig[string] | undefined {
  const data = item.payload as Record<string, unknown> | undefined;
  const named = key === undefined ? undefined : (data?.[key] ?? key);
  const candidates = [named, item.dataKey, "name" in item ? item.name : undefined, item.value];
  const found = candidates.find((candidate) => typeof candidate === "string" && candidate in config);
  return typeof found === "string" ? config[found] : undefined;
}

const shownValue = (value: TooltipPayloadEntry["value"]): string =>
  Array.isArray(value) ? value.join(" – ") : typeof value === "number" ? value.toLocaleString() : String(value ?? "");

export { ChartContainer, ChartLegend, ChartLegendContent, ChartTooltip, ChartTooltipContent, type ChartConfig };
