const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** "2 min. ago", "yesterday"; under a minute "just now". */
export function agoOf(iso: string, nowMs = Date.now()): string {
  const seconds = (new Date(iso).getTime() - nowMs) / 1000;
  if (Number.isNaN(seconds)) return "";
  const step = steps.find(([, size]) => Math.abs(seconds) >= size);
  return step ? relative.format(Math.round(seconds / step[1]), step[0]) : "just now";
}

/** The full moment, for `title` and `<time>`. */
export const momentOf = (iso: string): string => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The day alone. */
export const dayOf = (iso: string): string => new Date(iso).toLocaleDateString(undefined, { dateStyle: "medium" });

/** The time of day, to the second. */
export const clockOf = (iso: string): string => new Date(iso).toLocaleTimeString(undefined, { timeStyle: "medium" });

export const isPast = (iso: string, nowMs = Date.now()): boolean => Date.parse(iso) <= nowMs;
