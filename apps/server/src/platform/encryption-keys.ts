import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { randomToken, type EncryptionKeys } from "./crypto.ts";

/**
 * The file `sealing.keys` of the data folder, for servers without a configured key: the current key first, then previous ones until
 * everything is re-encrypted. Absent until the first rotation.
 */
export interface EncryptionKeyFile {
  keys: string[];
  /** Whether a rotation is unfinished. */
  isUnfinished: boolean;
}
const unfinishedMark = "# a rotation has not ended yet: run ./studio rotate-keys";
const fileOf = (dataDir: string) => join(dataDir, "sealing.keys");

export async function readEncryptionKeyFile(dataDir: string): Promise<EncryptionKeyFile> {
  const text = await readFile(fileOf(dataDir), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "";
    throw cause;
  });
  const lines = text.split("\n").map((line) => line.trim());
  return { keys: lines.filter((line) => line !== "" && !line.startsWith("#")), isUnfinished: lines.includes(unfinishedMark) };
}
/** Written to a temporary file, flushed and renamed, so that a crash leaves a complete file. */
async function writeEncryptionKeyFile(dataDir: string, { keys, isUnfinished }: EncryptionKeyFile): Promise<void> {
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

/** The configured keys, else those of the data folder, else none: then the secret key is used. */
export async function loadEncryptionKeys(
  { auth }: { auth: Pick<Config["auth"], "encryptionKey" | "formerEncryptionKeys"> },
  dataDir: string,
): Promise<EncryptionKeys> {
  const { keys } = await readEncryptionKeyFile(dataDir);
  const former = auth.formerEncryptionKeys.map((key) => key.reveal());
  if (auth.encryptionKey) return { current: auth.encryptionKey.reveal(), former: [...former, ...keys] };
  const [current, ...older] = keys;
  return { ...(current !== undefined && { current }), former: [...older, ...former] };
}

/** Prepends a new key, or continues with the key of an unfinished rotation. */
export async function beginRotation(dataDir: string): Promise<void> {
  const { keys, isUnfinished } = await readEncryptionKeyFile(dataDir);
  if (!isUnfinished) await writeEncryptionKeyFile(dataDir, { keys: [randomToken(48), ...keys], isUnfinished: true });
}
/** Deletes the previous keys, once everything is encrypted with the current one. */
export async function endRotation(dataDir: string): Promise<void> {
  const { keys } = await readEncryptionKeyFile(dataDir);
  await writeEncryptionKeyFile(dataDir, { keys: keys.slice(0, 1), isUnfinished: false });
}
