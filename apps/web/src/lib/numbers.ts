import { locale } from "./locale.ts";

/** A function that formats numbers in the reader's locale. `Intl` is slow to construct, so that waits for the first number. */
export function numberFormatter(options?: Intl.NumberFormatOptions): (value: number) => string {
  let format: Intl.NumberFormat | undefined;
  return (value) => (format ??= new Intl.NumberFormat(locale, options)).format(value);
}
const exactly = (digits: number) => numberFormatter({ minimumFractionDigits: digits, maximumFractionDigits: digits });
const percentTo = (digits: number) => numberFormatter({ style: "percent", maximumFractionDigits: digits });

/** A number in full: 1234 is "1,234". With a noun, use `counted`. */
export const formatNumber = numberFormatter();

const decimals = { 0: exactly(0), 1: exactly(1), 2: exactly(2) };

/** A number with exactly this many decimals: 4.25 with 1 is "4.3". */
export const formatDecimal = (value: number, digits: 0 | 1 | 2): string => decimals[digits](value);

/** A number with one decimal unless that is 0: 6.24 is "6.2", 6 is "6". */
export const formatToOneDecimal = numberFormatter({ maximumFractionDigits: 1 });

const steps = [
  { size: 1e9, unit: "B" },
  { size: 1e6, unit: "M" },
  { size: 1e3, unit: "k" },
];

/** A large number in short, such as tokens: 850 is "850", 48210 "48.2k", 140000 "140k", 1300000 "1.3M". */
export function formatCompact(count: number): string {
  // What rounds to 1000 of a unit is 1 of the next.
  const step = steps.find(({ size }) => Math.abs(count) >= size * 0.9995) ?? { size: 1, unit: "" };
  const value = count / step.size;
  return `${Math.abs(value) < 100 ? formatToOneDecimal(value) : formatDecimal(value, 0)}${step.unit}`;
}

const percent = { 0: percentTo(0), 1: percentTo(1) };

/** A share of 1 in percent, rounded to at most this many decimals: 0.375 is "38%", with 1 "37.5%". */
export const formatPercent = (share: number, digits: 0 | 1 = 0): string => percent[digits](share);

/** A change as a share of 1: 0.052 is "+5.2%", -0.1 "-10%". */
export const formatChange = numberFormatter({ style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
