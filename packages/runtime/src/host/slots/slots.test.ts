import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSlots, toNumber } from "./slots.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "slots-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));
const claims = () => join(base, "claims");
const folder = () => mkdtempSync(join(base, "data-"));

test("an id keeps its slot, also over restarts; uid and addresses are derived from it", () => {
  const dir = folder();
  const slots = openSlots(dir, claims());
  const [a, b] = [slots.allocate("a"), slots.allocate("b")];
  expect(slots.allocate("a")).toEqual(a);
  expect(a.uid).toBeGreaterThanOrEqual(200_000);
  expect(b.uid).not.toBe(a.uid);
  expect(toNumber(a.ip) - toNumber(a.hostIp)).toBe(1);
  expect(toNumber(a.hostIp) % 4).toBe(1);
  const again = openSlots(dir, claims());
  expect(again.find("a")).toEqual(a);
  expect(again.allocate("b")).toEqual(b);
  expect(again.find("c")).toBeUndefined();
});

test("a freed slot is reused as late as possible", () => {
  const slots = openSlots(folder(), claims());
  const first = slots.allocate("a");
  slots.release("a");
  slots.release("never-there");
  expect(slots.find("a")).toBeUndefined();
  expect(slots.allocate("b").number).not.toBe(first.number);
});

test("keeps a port of the machine for each port of an id, over restarts: its own if nothing else uses it", async () => {
  const dir = folder();
  const slots = openSlots(dir, undefined);
  const isFree = async (port: number) => port !== 8000;
  for (const id of ["a", "b"]) slots.allocate(id);
  expect(await slots.portFor("a", 5173, isFree)).toBe(5173);
  const [ofB, again] = await Promise.all([slots.portFor("b", 5173, isFree), slots.portFor("b", 5173, isFree)]);
  expect(ofB).toBe(again);
  const inUse = await slots.portFor("a", 8000, isFree);
  expect(new Set([ofB, inUse]).size).toBe(2);
  for (const port of [ofB, inUse]) expect(port >= 20_000 && port < 32_768).toBe(true);
  const next = openSlots(dir, undefined);
  expect(await next.portFor("b", 5173, async () => false)).toBe(ofB);
  await expect(next.portFor("b", 3000, async () => false)).rejects.toMatchObject({ code: "unavailable" });
  next.release("a");
  next.allocate("c");
  expect(await next.portFor("c", 5173, isFree)).toBe(5173);
});

test("transfers a slot from one id to another", () => {
  const slots = openSlots(folder(), claims());
  const spare = slots.allocate("@spare-1");
  slots.transfer("@spare-1", "a");
  expect(slots.find("a")).toEqual(spare);
  expect(slots.find("@spare-1")).toBeUndefined();
  expect(slots.ids("@spare-")).toEqual([]);
});

test("more sandboxes than a block holds get another block", () => {
  const slots = openSlots(folder(), claims());
  const taken = Array.from({ length: 400 }, (_, i) => slots.allocate(`p-${i}`));
  expect(new Set(taken.map((slot) => slot.uid)).size).toBe(400);
  expect(new Set(taken.map((slot) => slot.ip)).size).toBe(400);
  const [first, second] = slots.ranges();
  for (const { ip } of taken)
    expect([first, second].some((range) => range && toNumber(ip) >= toNumber(range.from) && toNumber(ip) <= toNumber(range.to))).toBe(true);
});

test("two data folders of one machine share nothing; a deleted one's claim is released", () => {
  const dirs = [folder(), folder(), folder()];
  const uids = dirs.map((dir) => openSlots(dir, claims()).allocate("a").uid);
  expect(new Set(uids).size).toBe(3);
  const block = (uid: number) => Math.floor((uid - 200_000) / 250);
  expect(new Set(uids.map(block)).size).toBe(3);
});
