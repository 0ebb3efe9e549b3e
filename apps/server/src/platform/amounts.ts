/** Exact decimal amounts in US cents with eight places, as text; one credit is one cent. Never floating point. */
export type Amount = string;

/** One cent in units of 1e-8 cents. */
export const cent = 100_000_000n;

/** Truncates after the eighth place. */
export const unitsOf = (amount: Amount): bigint => scaled(amount, 8);
export const amountOf = (units: bigint): Amount => `${units / cent}.${String(units % cent).padStart(8, "0")}`;
export const sumOf = (amounts: readonly Amount[]): Amount => amountOf(amounts.reduce((sum, amount) => sum + unitsOf(amount), 0n));
/** The API's number of cents. Exact to eight places below 90 million cents. */
export const centsOf = (amount: Amount): number => Number(amount);

/** An unsigned decimal as an integer scaled by 10^`places`. */
export function scaled(decimal: string, places: number): bigint {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
}
