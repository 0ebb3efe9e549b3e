import { expect, test } from "vitest";
import { runSequences } from "../../../testing/money/run-sequences.ts";

/* Two thousand of them: `money.hard.test.ts`. */
test("sixty random payment sequences with crashes in between: balances, entitlements and ledger are exact", async () => {
  expect(await runSequences({ seed: 7, isOver: (played) => played >= 60 })).toBe(60);
});
