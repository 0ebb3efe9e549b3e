import { formatDecimal } from "./numbers.ts";

/** A larger unit, and the rest in the next smaller one unless it is 0. */
const inTwo = (whole: string, rest: number, unit: string) => (rest === 0 ? whole : `${whole} ${String(rest).padStart(2, "0")}${unit}`);

/** A duration in milliseconds: "40 ms", "4.8 s", "5 s", "42 s", "2m 41s", "1h 05m", from two days on "2d 07h". Whole units alone: 60000 is "1m". */
export function formatDuration(ms: number): string {
  const tens = Math.round(ms / 10) * 10;
  if (tens <= 0) return "0 s";
  if (tens < 1000) return `${tens} ms`;
  // 9.96 s is "10 s", not "10.0 s".
  if (ms < 9_950 && ms % 1000 !== 0) return `${formatDecimal(ms / 1000, 1)} s`;
  const seconds = ms < 10_000 ? Math.round(ms / 1000) : Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return inTwo(`${minutes}m`, seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return inTwo(`${hours}h`, minutes % 60, "m");
  return inTwo(`${Math.floor(hours / 24)}d`, hours % 24, "h");
}
