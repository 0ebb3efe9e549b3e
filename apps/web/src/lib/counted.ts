import { formatNumber } from "./numbers.ts";

/** A count with its noun: "1 file", "2 files", "1,200 people". */
export const counted = (count: number, one: string, many = `${one}s`): string => `${formatNumber(count)} ${count === 1 ? one : many}`;
