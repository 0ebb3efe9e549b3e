import { expect, test } from "vitest";
import {
  formatDate,
  formatDateTime,
  formatDay,
  formatDayHeading,
  formatLogTime,
  formatMonth,
  formatMonthShort,
  formatRelativeTime,
  formatTime,
} from "./time.ts";

/** A moment in the time zone of the machine. */
const at = (year: number, month: number, day: number, hour = 12, minute = 0, second = 0) =>
  new Date(year, month - 1, day, hour, minute, second).toISOString();
/** `Intl` puts a narrow no-break space before AM and PM. */
const plainSpaces = (text: string) => text.replaceAll(/\s/g, " ");

test("a moment, its day and its time", () => {
  const moment = at(2026, 3, 14, 14, 2, 6);
  expect([formatDateTime, formatDate, formatTime, formatLogTime].map((format) => plainSpaces(format(moment)))).toEqual([
    "Mar 14, 2026, 2:02 PM",
    "Mar 14, 2026",
    "2:02 PM",
    "14:02:06",
  ]);
  expect(formatLogTime(at(2026, 3, 14, 0, 0, 1))).toBe("00:00:01");
});
test("what is not a time is empty", () => {
  expect([formatDateTime, formatDate, formatTime, formatLogTime, formatRelativeTime].map((format) => format("nonsense"))).toEqual(
    Array(5).fill(""),
  );
});
test("calendar days and months have no time zone", () => {
  const now = new Date(2026, 5, 1);
  expect([formatDay("2026-03-14", now), formatDay("2025-12-31", now)]).toEqual(["Mar 14", "Dec 31, 2025"]);
  expect([formatMonth("2026-11"), formatMonthShort("2026-11")]).toEqual(["November 2026", "Nov"]);
});
test.each([
  [at(2026, 3, 20, 0, 1), "Today"],
  [at(2026, 3, 19, 23, 59), "Yesterday"],
  [at(2026, 3, 11), "Wednesday, March 11"],
  [at(2025, 5, 24), "Saturday, May 24, 2025"],
])("the heading of %s is %s", (iso, text) => expect(formatDayHeading(iso, new Date(2026, 2, 20, 12))).toBe(text));
test.each([
  ["2026-03-10T11:59:30Z", "just now"],
  ["2026-03-10T11:58:00Z", "2 min. ago"],
  ["2026-03-09T12:00:00Z", "yesterday"],
  ["2026-03-13T12:00:00Z", "in 3 days"],
])("%s is %s", (iso, text) => expect(formatRelativeTime(iso, Date.parse("2026-03-10T12:00:00Z"))).toBe(text));
