/** A measurement: its name, value, baseline, ratio to the baseline, and target. */
export interface Row {
  what: string;
  measured: string;
  baseline?: string;
  ratio?: number;
  target: string;
  meets?: boolean;
}
export const quantile = (values: number[], q: number) => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
};
/** Milliseconds since a time of `performance.now()`. */
export const since = (start: number) => performance.now() - start;
export const ms = (value: number) => (value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`);

export function print(rows: Row[]): void {
  const table = [
    ["what", "measured", "baseline", "ratio", "target", ""],
    ...rows.map((r) => [
      r.what,
      r.measured,
      r.baseline ?? "",
      r.ratio === undefined ? "" : `${r.ratio.toFixed(2)}x`,
      r.target,
      r.meets === undefined ? "" : r.meets ? "meets" : "misses",
    ]),
  ];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}
