/** Cents as dollars: 1234 is $12.34. */
export const dollars = (cents: number): string => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
