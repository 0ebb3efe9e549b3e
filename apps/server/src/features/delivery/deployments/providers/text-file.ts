import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Artefact, ArtefactFile } from "./provider.ts";

/** A small file of ours among what was built. */
export function textFile(path: string, text: string): ArtefactFile {
  const bytes = Buffer.from(text);
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  return { path, size: bytes.length, sha1: digest("sha1"), sha256: digest("sha256"), mode: 0o644, open: () => Readable.from([bytes]) };
}

/** What was built, and this file too unless there is one of that name. */
export const withFile = (artefact: Artefact, file: ArtefactFile): Artefact =>
  artefact.files.some(({ path }) => path === file.path)
    ? artefact
    : { files: [...artefact.files, file], totalBytes: artefact.totalBytes + file.size };

/** The text of a file up to `maxBytes`; undefined when it is larger. */
export async function textOf(file: ArtefactFile, maxBytes: number): Promise<string | undefined> {
  if (file.size > maxBytes) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of file.open()) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString();
}
