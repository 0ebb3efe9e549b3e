import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../../errors.ts";
import { blockSize, blocksOf, isCopy, openClaims, slotsNote, type Claims, type SlotsNote } from "./claims.ts";
import { writeJson } from "../files/json-file.ts";

/** A sandbox's uid and /30 of addresses, both derived from one number. */
export interface Slot {
  number: number;
  uid: number;
  /** Our end of the sandbox's link, and its own. */
  hostIp: string;
  ip: string;
}

/** Assigns a slot to every sandbox of a data folder and stores it, because files belong to the uid. */
export interface Slots {
  allocate(id: string): Slot;
  find(id: string): Slot | undefined;
  release(id: string): void;
  /** Transfers the slot of one id to another that has none. */
  transfer(from: string, to: string): void;
  /**
   * A port of this machine that is kept for a port of that id until it is released: the same one for the first id that asks for it.
   * `isFree` says whether nothing listens on one.
   */
  portFor(id: string, port: number, isFree: (port: number) => Promise<boolean>): Promise<number>;
  /** Ids with a slot that begin with `prefix`. */
  ids(prefix: string): string[];
  /** First and last address of every block in use. */
  ranges(): { from: string; to: string }[];
  /** Old to new uid, after the folder got other slots and until `forgetOwners`: files whose owner has to be changed. */
  owners(): ReadonlyMap<number, number>;
  /** All files belong to their new uid. */
  forgetOwners(): void;
}

const firstUid = 200_000;
/** Below those that the kernel gives to outgoing connections. */
const assignedPorts = { first: 20_000, count: 12_000 };
const blocks = 1200;
/** Shared address space first (RFC 6598: not used by home or office networks), otherwise part of 10/8. */
const pools = ["100.64.0.0", "10.192.0.0", "10.128.0.0"];

/**
 * `claimsDir` is shared by every data folder of the machine, so that no two use the same uids or addresses; undefined when uids and
 * addresses are not assigned. A copied folder, or one whose blocks another folder holds, gets others: then the owner of its files has to
 * be changed (`owners`).
 */
export function openSlots(dir: string, claimsDir: string | undefined): Slots {
  const file = join(dir, slotsNote);
  const claims = claimsDir === undefined ? unclaimed : openClaims(claimsDir, dir);
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SlotsNote) : undefined;
  const saved: SlotsNote = known ?? { pool: freePool(), blocks: [], next: 0, slots: {} };
  let used = new Set(Object.values(saved.slots));
  claims.exclusively(() => {
    const copied = claimsDir !== undefined && isCopy(saved, dir);
    const isOurs = blocksOf(saved).every((block) => !copied && claims.claim(block));
    if (!isOurs) move();
    if (isOurs && saved.installation !== undefined && saved.dir === dir) return;
    if (copied || saved.installation === undefined) saved.installation = randomUUID();
    saved.dir = dir;
    save();
    claims.keepOnly(blocksOf(saved));
  });

  function save() {
    writeJson(file, saved);
  }
  /** Assigns other numbers to all ids, from free blocks. */
  function move() {
    const former = saved.slots;
    // A uid that files are changed from must not be one that others are changed to.
    const banned = [...blocksOf(saved), ...Object.keys(saved.owners ?? {}).map((uid) => Math.floor((Number(uid) - firstUid) / blockSize))];
    Object.assign(saved, { pool: freePool(), blocks: [], next: 0, slots: {}, ports: {} });
    used = new Set();
    const owners: Record<string, number> = {};
    for (const [id, number] of Object.entries(former)) {
      if (used.size >= saved.blocks.length * blockSize) addBlock(banned);
      saved.slots[id] = freeNumber();
      used.add(saved.slots[id]);
      owners[firstUid + number] = firstUid + saved.slots[id];
    }
    // A copy that was killed while changing owners and was copied again since.
    for (const [from, to] of Object.entries(saved.owners ?? {})) owners[from] = owners[to] ?? to;
    saved.owners = owners;
  }
  function addBlock(banned: readonly number[] = []) {
    const start = createHash("sha256").update(dir).digest().readUInt32BE(0);
    for (let i = 0; i < blocks; i++) {
      const block = (start + i) % blocks;
      if (saved.blocks.includes(block) || banned.includes(block) || !claims.claim(block)) continue;
      saved.blocks.push(block);
      return;
    }
    throw new RuntimeError("unavailable", "every range of user ids on this machine is taken");
  }
  function freeNumber(): number {
    if (used.size >= saved.blocks.length * blockSize)
      claims.exclusively(() => {
        addBlock();
        save();
      });
    for (;;) {
      const at = saved.next % (saved.blocks.length * blockSize);
      // Round robin, so that a uid is reused as late as possible.
      saved.next = at + 1;
      const number = (saved.blocks[Math.floor(at / blockSize)] ?? 0) * blockSize + (at % blockSize);
      if (!used.has(number)) return number;
    }
  }
  const slot = (number: number): Slot => ({
    number,
    uid: firstUid + number,
    hostIp: address(saved.pool, number * 4 + 1),
    ip: address(saved.pool, number * 4 + 2),
  });

  return {
    allocate(id) {
      let number = saved.slots[id];
      if (number === undefined) {
        number = freeNumber();
        saved.slots[id] = number;
        used.add(number);
        save();
      }
      return slot(number);
    },
    find(id) {
      const number = saved.slots[id];
      return number === undefined ? undefined : slot(number);
    },
    release(id) {
      const number = saved.slots[id];
      if (number === undefined) return;
      delete saved.slots[id];
      delete saved.ports?.[id];
      used.delete(number);
      save();
    },
    async portFor(id, port, isFree) {
      const find = () => saved.ports?.[id]?.[port];
      const isTaken = (candidate: number) => Object.values(saved.ports ?? {}).some((own) => Object.values(own).includes(candidate));
      // Folders of the same machine begin at different places.
      const start = createHash("sha256").update(dir).digest().readUInt32BE(4);
      for (let i = -1; i < assignedPorts.count; i++) {
        const known = find();
        if (known !== undefined) return known;
        const candidate = i < 0 ? port : assignedPorts.first + ((start + i) % assignedPorts.count);
        // Another call may take it during the check.
        if (isTaken(candidate) || !(await isFree(candidate)) || isTaken(candidate) || find() !== undefined) continue;
        saved.ports = { ...saved.ports, [id]: { ...saved.ports?.[id], [port]: candidate } };
        save();
        return candidate;
      }
      throw new RuntimeError("unavailable", "every port for projects on this machine is in use");
    },
    transfer(from, to) {
      const number = saved.slots[from];
      if (number === undefined || saved.slots[to] !== undefined) return;
      delete saved.slots[from];
      saved.slots[to] = number;
      save();
    },
    ids: (prefix) => Object.keys(saved.slots).filter((id) => id.startsWith(prefix)),
    ranges: () =>
      saved.blocks.map((block) => ({
        from: address(saved.pool, block * blockSize * 4),
        to: address(saved.pool, (block + 1) * blockSize * 4 - 1),
      })),
    owners: () => new Map(Object.entries(saved.owners ?? {}).map(([from, to]) => [Number(from), to])),
    forgetOwners() {
      delete saved.owners;
      save();
    },
  };
}

const unclaimed: Claims = { exclusively: (work) => work(), claim: () => true, keepOnly() {} };

export const toNumber = (ip: string) => ip.split(".").reduce((n, part) => n * 256 + Number(part), 0);
export const toAddress = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join(".");
const address = (base: string, add: number) => toAddress(toNumber(base) + add);

/** The first pool that does not overlap the host's own networks. */
function freePool(): string {
  const span = blocks * blockSize * 4;
  const taken = Object.values(networkInterfaces())
    .flat()
    // Links of other data folders are in the same pool by design; claims keep them apart.
    .filter((entry) => entry?.family === "IPv4" && !entry.cidr?.endsWith("/30"))
    .map((entry) => toNumber(entry?.address ?? "0.0.0.0"));
  return pools.find((pool) => !taken.some((ip) => ip >= toNumber(pool) && ip < toNumber(pool) + span)) ?? (pools[0] as string);
}
