import { locale } from "./locale.ts";

const percentage = (digits: number) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits });
const plain = new Intl.NumberFormat(locale);
const decimal = (digits: number) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const decimals = { 0: decimal(0), 1: decimal(1), 2: decimal(2) };
const atMostOneDecimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const percent = { 0: percentage(0), 1: percentage(1) };
const signedPercent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });

/** A number in full: 1234 is "1,234". With a noun, use `counted`. */
export const formatNumber = (value: number): string => plain.format(value);

/** A number with exactly this many decimals: 4.25 with 1 is "4.3". */
export const formatDecimal = (value: number, digits: 0 | 1 | 2): string => decimals[digits].format(value);

/** A number with one decimal unless that is 0: 6.24 is "6.2", 6 is "6". */
export const formatShort = (value: number): string => atMostOneDecimal.format(value);

const steps = [
  { size: 1e9, unit: "B" },
  { size: 1e6, unit: "M" },
  { size: 1e3, unit: "k" },
];

/** A large number in short, such as tokens: 850 is "850", 48210 "48.2k", 140000 "140k", 1300000 "1.3M". Show `formatNumber` in a title if it matters. */
export function formatCompact(count: number): string {
  // What rounds to 1000 of a unit is 1 of the next.
  const step = steps.find(({ size }) => Math.abs(count) >= size * 0.9995) ?? { size: 1, unit: "" };
  const value = count / step.size;
  return `${Math.abs(value) < 100 ? formatShort(value) : formatDecimal(value, 0)}${step.unit}`;
}

/** A share of 1 in percent, rounded to at most this many decimals: 0.375 is "38%", with 1 "37.5%". */
export const formatPercent = (share: number, digits: 0 | 1 = 0): string => percent[digits].format(share);

/** A change as a share of 1: 0.052 is "+5.2%", -0.1 "-10%". */
export const formatChange = (share: number): string => signedPercent.format(share);
