import { formatDecimal, formatToOneDecimal, numberFormatter } from "./numbers.ts";

const dollars = numberFormatter({ style: "currency", currency: "USD" });

/** US cents as dollars: 1234 is "$12.34"; less than a cent, such as the cost of a short run, is "<$0.01". */
export const formatDollars = (cents: number): string => (cents > 0 && cents < 1 ? `<${dollars(0.01)}` : dollars(cents / 100));

/** An estimate in US cents: 0.2 is "under 1¢", 6.2 "about 6.2¢", 11.7 "about 12¢", 120 "about $1.20". */
export function formatEstimate(cents: number): string {
  if (cents < 1) return "under 1¢";
  if (cents >= 99.5) return `about ${formatDollars(cents)}`;
  return `about ${cents < 10 ? formatToOneDecimal(cents) : formatDecimal(cents, 0)}¢`;
}

/** US cents as the value of a field in dollars: 450 is "4.50", in every locale. `parseDollars` reads it. */
export const dollarInput = (cents: number): string => (cents / 100).toFixed(2);

/** US cents of typed dollars: "4", "4.5", "4,50" and "$4.50" are valid; undefined if it is no amount. */
export function parseDollars(text: string): number | undefined {
  const match = /^\s*\$?(\d{1,6})(?:[.,](\d{1,2}))?\s*$/.exec(text);
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "0").padEnd(2, "0")) : undefined;
}
