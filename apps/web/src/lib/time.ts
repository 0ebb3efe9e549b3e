import { locale } from "./locale.ts";

/**
 * Formats timestamps (ISO 8601 with a time zone) in the reader's locale and time zone. What is not a time gives "". `Intl` is slow to construct,
 * so that waits for the first timestamp.
 */
function formatter(options: Intl.DateTimeFormatOptions): (iso: string) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (iso) => {
    const at = Date.parse(iso);
    return Number.isNaN(at) ? "" : (format ??= new Intl.DateTimeFormat(locale, options)).format(at);
  };
}

/** "Mar 14, 2026, 2:02 PM": a moment in full, also the title of a shorter form. */
export const formatDateTime = formatter({ dateStyle: "medium", timeStyle: "short" });

/** "Mar 14, 2026". */
export const formatDate = formatter({ dateStyle: "medium" });

/** "2:02 PM", the time of day. */
export const formatTime = formatter({ timeStyle: "short" });

/** "14:02:46", for the lines of logs: of the same width, to the second, in 24 hours everywhere. */
export const formatLogTime = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

const shortDay = formatter({ day: "numeric", month: "short", timeZone: "UTC" });
const shortDayOfYear = formatter({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** A calendar day, which has no time zone: 2026-03-14 is "Mar 14", in another year "Mar 14, 2026". */
export const formatDay = (day: string, now = new Date()): string =>
  day.startsWith(`${now.getFullYear()}-`) ? shortDay(day) : shortDayOfYear(day);

/** A calendar month: 2026-11 is "November 2026". */
export const formatMonth = formatter({ month: "long", year: "numeric", timeZone: "UTC" });

/** A calendar month on an axis: 2026-11 is "Nov". */
export const formatMonthShort = formatter({ month: "short", timeZone: "UTC" });

const weekday = formatter({ weekday: "long", day: "numeric", month: "long" });
const weekdayOfYear = formatter({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** The day of a moment, as a heading: "Today", "Yesterday", "Friday, March 14", in another year with the year. */
export function formatDayHeading(iso: string, now = new Date()): string {
  const day = new Date(iso);
  const daysAgo = Math.round((midnight(now) - midnight(day)) / 86_400_000);
  if (daysAgo === 0) return "Today";
  if (daysAgo === 1) return "Yesterday";
  return day.getFullYear() === now.getFullYear() ? weekday(iso) : weekdayOfYear(iso);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
// These are words in English sentences ("Last used 2 min. ago"), whatever the locale.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** "2 min. ago", "yesterday", "in 3 days"; under a minute "just now". */
export function formatRelativeTime(iso: string, nowMs = Date.now()): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return "";
  const step = steps.find(([, size]) => Math.abs(seconds) >= size);
  return step ? relative.format(Math.round(seconds / step[1]), step[0]) : "just now";
}

export const isPast = (iso: string, nowMs = Date.now()): boolean => Date.parse(iso) <= nowMs;
