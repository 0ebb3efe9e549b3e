/** "40 ms", "4.8 s", "2m 41s", "1h 05m". */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms / 10) * 10} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

/** "850", "48.2k", "1.3M". */
export function tokensText(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 100_000 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** "$0.31"; below a cent "<$0.01". */
export const costText = (cents: number): string => (cents > 0 && cents < 1 ? "<$0.01" : `$${(cents / 100).toFixed(2)}`);

/** "14:02", in the reader's own time. */
export const clockText = (iso: string): string => {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
};
