import { expect, test } from "vitest";
import { runSequences } from "../../../testing/money/run-sequences.ts";

const { FUZZ_SECONDS, FUZZ_SEED, MONEY_STORIES } = process.env;
const seconds = FUZZ_SECONDS === undefined ? undefined : Number(FUZZ_SECONDS);
const stories = Number(MONEY_STORIES ?? (seconds === undefined ? 2000 : Infinity));

/* A longer one: `./studio fuzz --only money --seconds 120 --seed 7`. */
test(
  "random events in any order, repeated, with crashes in between: balances, entitlements and ledger are exact",
  { timeout: ((seconds ?? 0) + 600) * 1000 },
  async () => {
    const until = seconds === undefined ? Infinity : Date.now() + seconds * 1000;
    const played = await runSequences({ seed: Number(FUZZ_SEED ?? 7), isOver: (count) => count >= stories || Date.now() >= until });
    process.stdout.write(`${played} stories of money\n`);
    expect(played).toBeGreaterThan(0);
  },
);
