/** Exact decimals of a US cent with eight places, as text; one credit is one cent. Never binary fractions (marketplace-billing-admin 5.3). */
export type Amount = string;

/** One cent, counted in 1e-8 cents. */
export const cent = 100_000_000n;

/** Cuts what lies beyond the eighth place. */
export const unitsOf = (amount: Amount): bigint => scaled(amount, 8);
export const amountOf = (units: bigint): Amount => `${units / cent}.${String(units % cent).padStart(8, "0")}`;
export const sumOf = (amounts: readonly Amount[]): Amount => amountOf(amounts.reduce((sum, amount) => sum + unitsOf(amount), 0n));
/** What the wire shows: cents with their decimals. Exact to the eighth place below 90 million cents. */
export const centsOf = (amount: Amount): number => Number(amount);

/** A decimal without a sign as a whole number of its `places`th places. */
export function scaled(decimal: string, places: number): bigint {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
}
