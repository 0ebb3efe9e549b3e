import { expect, test } from "vitest";
import { daysInWindow, daysToCome, paceOf, windowOf } from "./usage-window.ts";

const now = new Date("2026-03-14T15:09:26Z");

test("windows are whole days in UTC and stand still for a day", () => {
  expect(windowOf("month", now)).toEqual({ start_date: "2026-03-01T00:00:00.000Z", end_date: "2026-03-15T00:00:00.000Z" });
  expect(windowOf("last", new Date("2026-01-02T00:00:00Z"))).toEqual({
    start_date: "2025-12-01T00:00:00.000Z",
    end_date: "2026-01-01T00:00:00.000Z",
  });
  expect(daysInWindow(windowOf("thirty", now))).toHaveLength(30);
  expect(daysInWindow(windowOf("ninety", now)).at(-1)).toBe("2026-03-14");
  expect(windowOf("month", now)).toEqual(windowOf("month", new Date("2026-03-14T23:59:59Z")));
  expect(daysToCome("month", now)).toHaveLength(17);
  expect(daysToCome("month", new Date("2026-12-31T12:00:00Z"))).toEqual([]);
  expect(daysToCome("thirty", now)).toEqual([]);
});

test("the pace says how long the balance lasts, and nothing where nothing was used", () => {
  const used = [
    { key: "2026-03-13", credits_deducted: 30 },
    { key: "2026-03-14", credits_deducted: 10 },
  ];
  expect(paceOf(100, used, 10, now)).toEqual({ perDay: 4, endsOn: new Date("2026-04-08T15:09:26Z") });
  expect(paceOf(100, [], 10, now)).toBeUndefined();
  expect(paceOf(1_000_000, used, 10, now)?.endsOn).toBeUndefined();
});
