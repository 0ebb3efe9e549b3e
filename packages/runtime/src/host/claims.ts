import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { holdFile } from "./lock.ts";
import { readNote, replaceFile } from "./json-file.ts";

/** The note in a state folder that says which blocks of user ids and addresses are its own. */
export const slotsNote = "slots.json";
export const blockSize = 250;

/** What that note holds. */
export interface SlotsNote {
  /** Names the installation: a copy of its folder has the same one until it is opened. Missing before version 0.2. */
  installation?: string;
  /** Real path of the folder when the note was written. */
  dir?: string;
  pool: string;
  blocks: number[];
  next: number;
  slots: Record<string, number>;
  /** Former user id to present one: files are being given away. Missing once all are. */
  owners?: Record<string, number>;
}

/** The blocks of user ids and addresses that the state folders of this machine use; one file per block says whose it is. */
export interface Claims {
  /** Runs the work while nobody else on this machine changes a claim. */
  exclusively<T>(work: () => T): T;
  /** Whether the block belongs to the folder from now on. */
  take(block: number): boolean;
  /** Gives back every block of the folder except these. */
  keepOnly(blocks: readonly number[]): void;
}

export function openClaims(claimsDir: string, dir: string): Claims {
  const fileOf = (block: number) => join(claimsDir, String(block));
  return {
    exclusively(work) {
      mkdirSync(claimsDir, { recursive: true });
      return holdFile(join(claimsDir, "lock"), work);
    },
    take(block) {
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

/** A folder that was deleted or has moved to other blocks holds a block no longer. One without a note is being made. */
function isHeld(holder: string, block: number): boolean {
  if (!existsSync(holder)) return false;
  const note = readNote<SlotsNote>(join(holder, slotsNote));
  return note === undefined || blocksOf(note).includes(block);
}

/** Every block that a folder uses. */
export const blocksOf = ({ blocks, slots }: SlotsNote): number[] => [
  ...new Set([...blocks, ...Object.values(slots).map((number) => Math.floor(number / blockSize))]),
];

/** Whether the folder is a copy of another one that is still there. A moved folder and another path to the same one are no copies. */
export function isCopy({ installation, dir: noted }: SlotsNote, dir: string): boolean {
  if (installation === undefined || noted === undefined || noted === dir) return false;
  const [here, there] = [dir, noted].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (!here || !there || (here.dev === there.dev && here.ino === there.ino)) return false;
  return readNote<SlotsNote>(join(noted, slotsNote))?.installation === installation;
}

function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // nobody's
  }
}
