import { counted } from "../../src/lib/counted.ts";
import { formatDollars } from "../../src/lib/money.ts";
import { formatDay, formatMonth, formatMonthShort } from "../../src/lib/time.ts";
import { BarChart } from "../../src/ui/BarChart.tsx";
import { Card } from "../../src/ui/Panel.tsx";
import { Sample } from "./Sample.tsx";

const twoDigits = (n: number) => String(n).padStart(2, "0");
const loaves = [12, 30, 24, 0, 41, 56, 18, 22, 35, 28, 1, 44, 60, 20];
const days = loaves.map((value, index) => ({ label: formatDay(`2026-03-${twoDigits(index + 1)}`), value }));
const months = [1200, 0, 4450, 6120, 5300, 8000].map((value, index) => {
  const month = `2026-${twoDigits(index + 1)}`;
  return { label: formatMonth(month), tick: formatMonthShort(month), value };
});

export const ChartSamples = () => (
  <Sample title="Bar chart" note="pointer, arrow keys, table for screen readers">
    <div className="grid gap-3">
      <Card className="rounded-4 p-3">
        <BarChart label="Loaves by day" heads={["Day", "Loaves"]} points={days} format={(value) => counted(value, "loaf", "loaves")} />
      </Card>
      <Card className="rounded-4 p-3">
        <BarChart
          label="Revenue by month"
          heads={["Month", "Revenue"]}
          points={months}
          format={formatDollars}
          formatTick={formatDollars}
          ticks="all"
          size="md"
        />
      </Card>
      <Card className="rounded-4 p-3">
        <BarChart
          label="A week without orders"
          heads={["Day", "Orders"]}
          points={days.slice(0, 7).map((day) => ({ ...day, value: 0 }))}
          format={(value) => counted(value, "order")}
        />
      </Card>
    </div>
  </Sample>
);
