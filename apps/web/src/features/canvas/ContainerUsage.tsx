import type { Container } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { cx } from "../../lib/cx.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { formatLogTime } from "../../lib/time.ts";
import { BarChart, type BarPoint } from "../../ui/BarChart.tsx";
import { canStop } from "../containers/index.ts";
import { DetailSection } from "./Facts.tsx";
import { keptMeasurements, type UsageMeasurement } from "./usage-history.ts";
import { useUsageLimits, useUsageOf } from "./use-usage.ts";

/** Of one core. Less than ten percent with a decimal: an idle app uses tenths. */
const formatCpu = (percent: number) => formatPercent(percent / 100, percent < 9.95 ? 1 : 0);
/** A container that uses this share of the memory of its project is about to be stopped by the kernel. */
const highShare = 0.9;

const limitText = (limits: { memory_bytes: number; cpus: number } | null) =>
  limits ? `The project may use ${formatBytes(limits.memory_bytes)} and ${formatPercent(limits.cpus)} of a core.` : "";

/** Memory and CPU of a running container, in the foot of its node. */
export function NodeUsage({ containerId }: { containerId: string }) {
  const latest = useUsageOf(containerId).at(-1);
  const { limits } = useUsageLimits();
  if (!latest) return null;
  const { memory_bytes: memory, cpu_percent: cpu } = latest;
  const isHigh = limits !== null && memory >= highShare * limits.memory_bytes;
  return (
    // Where there is no room for both, the CPU wraps to a second line, which is not shown: no figure is cut off.
    <span
      className={cx(
        "num flex h-4 min-w-0 flex-1 flex-wrap gap-x-1 overflow-hidden text-2xs/4 whitespace-nowrap",
        isHigh ? "text-err" : "text-fg-2",
      )}
      title={["Memory and CPU (of one core).", limitText(limits)].join(" ")}
    >
      <span>
        <span className="sr-only">Memory </span>
        {formatBytes(memory)}
      </span>
      {cpu === null ? null : (
        <span>
          <span className="sr-only">, CPU</span> {formatCpu(cpu)}
        </span>
      )}
    </span>
  );
}

/** Memory and CPU of a container with the last two minutes, in its details. */
export function UsageSection({ container }: { container: Container }) {
  const history = useUsageOf(container.id);
  const { limits, isMeasured } = useUsageLimits();
  const latest = history.at(-1);
  if (!canStop(container) || (!latest && !isMeasured)) return null;
  return (
    <DetailSection title="Memory and CPU">
      {latest ? (
        <div className="grid gap-3 text-xs">
          <Measured
            name="Memory"
            now={formatBytes(latest.memory_bytes)}
            history={history}
            valueOf={(one) => one.memory_bytes}
            format={formatBytes}
          />
          <Measured
            name="CPU, of one core"
            now={latest.cpu_percent === null ? "…" : formatCpu(latest.cpu_percent)}
            history={history}
            valueOf={(one) => one.cpu_percent}
            format={formatCpu}
          />
          <p className="text-fg-2">{limits ? limitText(limits) : "This server sets no limits."}</p>
        </div>
      ) : (
        <p className="text-xs text-fg-2">Not measured on this server.</p>
      )}
    </DetailSection>
  );
}

function Measured({
  name,
  now,
  history,
  valueOf,
  format,
}: {
  name: string;
  now: string;
  history: readonly UsageMeasurement[];
  valueOf: (measurement: UsageMeasurement) => number | null;
  format: (value: number) => string;
}) {
  const points = pointsOf(history, valueOf);
  return (
    <div>
      <p className="flex justify-between gap-2">
        <span className="text-fg-2">{name}</span>
        <span className="num text-fg-0">{now}</span>
      </p>
      {/* No table: it would have sixty rows that change every two seconds. The latest value is above; the arrow keys read the others. */}
      <BarChart
        label={`${name}, last 2 minutes`}
        heads={["Time", name]}
        points={points}
        format={format}
        formatTick={format}
        widestTick="200 MB"
        isTabulated
      />
    </div>
  );
}

const measuredEveryMs = 2_000;
/** Two minutes that end now: what came before the first measurement is not measured. Two measurements of one second are one bar. */
function pointsOf(history: readonly UsageMeasurement[], valueOf: (measurement: UsageMeasurement) => number | null): BarPoint[] {
  const bars = new Map(history.map((one) => [formatLogTime(one.measured_at), valueOf(one)]));
  const first = Date.parse(history[0]?.measured_at ?? "");
  const missing = Array.from({ length: keptMeasurements - bars.size }, (_, index) =>
    formatLogTime(new Date(first - (index + 1) * measuredEveryMs).toISOString()),
  );
  return [...missing.toReversed().map((label) => ({ label, value: null })), ...[...bars].map(([label, value]) => ({ label, value }))];
}
