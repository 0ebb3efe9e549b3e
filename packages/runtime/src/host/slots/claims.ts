import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { withSyncLock } from "../files/locks.ts";
import { readJsonFile, replaceFile } from "../files/json-file.ts";

/** File in a state folder that records its blocks of user ids and addresses. */
export const slotsNote = "slots.json";
export const blockSize = 250;

/** Content of that file. */
export interface SlotsNote {
  /** Identifies the installation: a copy of its folder has the same one until it is opened. Missing before version 0.2. */
  installation?: string;
  /** Real path of the folder when the file was written. */
  dir?: string;
  pool: string;
  blocks: number[];
  next: number;
  slots: Record<string, number>;
  /** By id: the ports of this machine that are kept for its ports. */
  ports?: Record<string, Record<string, number>>;
  /** Old to new user id: ownership is being changed. Missing when that is done. */
  owners?: Record<string, number>;
}

/** Blocks of user ids and addresses used by the state folders of this machine; one file per block names the owner. */
export interface Claims {
  /** Runs `work` while no other process changes a claim. */
  exclusively<T>(work: () => T): T;
  /** Whether the folder owns the block now. */
  claim(block: number): boolean;
  /** Releases every other block of the folder. */
  keepOnly(blocks: readonly number[]): void;
}

export function openClaims(claimsDir: string, dir: string): Claims {
  const fileOf = (block: number) => join(claimsDir, String(block));
  return {
    exclusively(work) {
      mkdirSync(claimsDir, { recursive: true });
      return withSyncLock(join(claimsDir, "lock"), work);
    },
    claim(block) {
      const holder = readHolder(fileOf(block));
      if (holder === dir) return true;
      if (holder !== undefined && isHeld(holder, block)) return false;
      replaceFile(fileOf(block), dir);
      return true;
    },
    keepOnly(blocks) {
      for (const name of readdirSync(claimsDir))
        if (/^\d+$/.test(name) && !blocks.includes(Number(name)) && readHolder(join(claimsDir, name)) === dir)
          rmSync(join(claimsDir, name));
    },
  };
}

/** A folder that was deleted or moved to other blocks no longer holds a block. One without a file is being created. */
function isHeld(holder: string, block: number): boolean {
  if (!existsSync(holder)) return false;
  const note = readJsonFile<SlotsNote>(join(holder, slotsNote));
  return note === undefined || blocksOf(note).includes(block);
}

/** Every block a folder uses. */
export const blocksOf = ({ blocks, slots }: SlotsNote): number[] => [
  ...new Set([...blocks, ...Object.values(slots).map((number) => Math.floor(number / blockSize))]),
];

/** Whether the folder is a copy of another one that still exists. A moved folder, or another path to the same one, is not a copy. */
export function isCopy({ installation, dir: recordedDir }: SlotsNote, dir: string): boolean {
  if (installation === undefined || recordedDir === undefined || recordedDir === dir) return false;
  const [here, there] = [dir, recordedDir].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (!here || !there || (here.dev === there.dev && here.ino === there.ino)) return false;
  return readJsonFile<SlotsNote>(join(recordedDir, slotsNote))?.installation === installation;
}

function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // not claimed
  }
}
