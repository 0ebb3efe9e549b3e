import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { randomToken, type SealingKeys } from "./crypto.ts";

/**
 * The file `sealing.keys` of the data folder, for servers whose key is not set by the operator: the current key first, former ones after it until
 * everything is sealed anew. Absent until the first rotation.
 */
export interface SealingKeyFile {
  keys: string[];
  /** A rotation was begun and has not ended. */
  isUnfinished: boolean;
}
const unfinishedMark = "# a rotation has not ended yet: run ./studio rotate-keys";
const fileOf = (dataDir: string) => join(dataDir, "sealing.keys");

export async function readSealingKeyFile(dataDir: string): Promise<SealingKeyFile> {
  const text = await readFile(fileOf(dataDir), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "";
    throw cause;
  });
  const lines = text.split("\n").map((line) => line.trim());
  return { keys: lines.filter((line) => line !== "" && !line.startsWith("#")), isUnfinished: lines.includes(unfinishedMark) };
}
/** Written beside, flushed, then put in place: the keys are there whole, whenever the machine stops. */
async function writeSealingKeyFile(dataDir: string, { keys, isUnfinished }: SealingKeyFile): Promise<void> {
  const aside = `${fileOf(dataDir)}.new`;
  const file = await open(aside, "w", 0o600);
  try {
    await file.writeFile([...(isUnfinished ? [unfinishedMark] : []), ...keys, ""].join("\n"));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, fileOf(dataDir));
  const folder = await open(dataDir, "r");
  await folder.sync().finally(() => folder.close());
}

/** What the operator set counts; else the data folder's file; else nothing, and the secret key serves. */
export async function loadSealingKeys(
  { auth }: { auth: Pick<Config["auth"], "sealingKey" | "formerSealingKeys"> },
  dataDir: string,
): Promise<SealingKeys> {
  const { keys } = await readSealingKeyFile(dataDir);
  const former = auth.formerSealingKeys.map((key) => key.reveal());
  if (auth.sealingKey) return { current: auth.sealingKey.reveal(), former: [...former, ...keys] };
  const [current, ...older] = keys;
  return { ...(current !== undefined && { current }), former: [...older, ...former] };
}

/** Puts a new key before the ones there are; goes on with the one of a rotation that did not end. */
export async function beginRotation(dataDir: string): Promise<void> {
  const { keys, isUnfinished } = await readSealingKeyFile(dataDir);
  if (!isUnfinished) await writeSealingKeyFile(dataDir, { keys: [randomToken(48), ...keys], isUnfinished: true });
}
/** Everything is sealed with the current key: the former ones are forgotten. */
export async function endRotation(dataDir: string): Promise<void> {
  const { keys } = await readSealingKeyFile(dataDir);
  await writeSealingKeyFile(dataDir, { keys: keys.slice(0, 1), isUnfinished: false });
}
