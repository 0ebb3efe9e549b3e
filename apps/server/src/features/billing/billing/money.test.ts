import { expect, test } from "vitest";
import { playStories } from "../../../testing/money/stories.ts";

/* Two thousand of them: `money.hard.test.ts`. */
test("sixty stories of money with crashes in between: balances, entitlements and books are exact", async () => {
  expect(await playStories({ seed: 7, isOver: (played) => played >= 60 })).toBe(60);
});
