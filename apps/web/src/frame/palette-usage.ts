import { readStored, writeStored } from "../lib/storage.ts";

/** An item of the palette that someone used. What has an address is kept with its title, so that it is there before anything is asked for. */
export interface UsedItem {
  id: string;
  source: string;
  title: string;
  hint?: string;
  to?: string;
  /** How often, where every use counts half after `halfLifeMs`; as of `at`. */
  weight: number;
  at: number;
}

const halfLifeMs = 7 * 24 * 3_600_000;
const kept = 60;
const keyOf = (userId: string) => `tesslate.palette.used.${userId}`;

const isUsed = (value: unknown): value is UsedItem[] =>
  Array.isArray(value) &&
  value.every((item: Partial<UsedItem>) => typeof item.id === "string" && typeof item.weight === "number" && typeof item.at === "number");

export const weightNow = ({ weight, at }: Pick<UsedItem, "weight" | "at">, now: number): number =>
  weight * 0.5 ** ((now - at) / halfLifeMs);

/** Of this person in this browser, most used lately first. */
export function readUsed(userId: string, now: number): UsedItem[] {
  const items = readStored(localStorage, keyOf(userId), isUsed) ?? [];
  return items.toSorted((a, b) => weightNow(b, now) - weightNow(a, now));
}

export function noteUsed(userId: string, item: Omit<UsedItem, "weight" | "at">, now: number): void {
  const items = readUsed(userId, now);
  const before = items.find(({ id }) => id === item.id);
  const used = { ...item, weight: (before ? weightNow(before, now) : 0) + 1, at: now };
  writeStored(localStorage, keyOf(userId), [used, ...items.filter(({ id }) => id !== item.id)].slice(0, kept));
}
