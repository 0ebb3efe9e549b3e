import { expect, test } from "vitest";
import { fittingTabs } from "./tab-overflow.ts";

const tabs = ["preview", "code", "review", "board"] as const;
const fit = (current: (typeof tabs)[number], roomPx: number) => fittingTabs(tabs, { current, roomPx, morePx: 50, widthOf: () => 100 });

test("all tabs fit, or the first ones beside More", () => {
  expect(fit("preview", 400)).toEqual(tabs);
  expect(fit("preview", 399)).toEqual(["preview", "code", "review"]);
  expect(fit("preview", 349)).toEqual(["preview", "code"]);
});

test("the current tab replaces the last one that fits, and is shown even where nothing fits", () => {
  expect(fit("board", 399)).toEqual(["preview", "code", "board"]);
  expect(fit("board", 60)).toEqual(["board"]);
});
