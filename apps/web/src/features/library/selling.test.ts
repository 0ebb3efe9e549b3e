import { expect, test } from "vitest";
import { checksOf } from "./selling.ts";

const plain = {
  description: "Bakes",
  long_description: "Bakes",
  tags: ["custom"],
  category: "custom",
  pricing_type: "free" as const,
  has_recorded_run: false,
};
const open = (agent: Parameters<typeof checksOf>[0], bio: string | null, isConnected: boolean) =>
  checksOf(agent, { bio }, isConnected).flatMap(({ id, isDone, isRequired }) => (isDone ? [] : [isRequired ? `${id}!` : id]));

test("a free agent is only recommended to be complete", () => {
  expect(open(plain, null, false)).toEqual(["description", "long_description", "category", "tags", "recorded_run", "profile"]);
});

test("a paid agent requires the payout account", () => {
  expect(open({ ...plain, pricing_type: "monthly" }, "Baker", false)[0]).toBe("payouts!");
  const whole = {
    description: "Bakes bread with little yeast",
    long_description: "What it is for, what it needs, and what it does not do, in as many words as that takes.",
    tags: ["bread"],
    category: "data",
    pricing_type: "one_time" as const,
    has_recorded_run: true,
  };
  expect(open(whole, "Baker", true)).toEqual([]);
});
