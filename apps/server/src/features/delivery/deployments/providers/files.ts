import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { mediaTypeOf } from "../../../../platform/media-types.ts";
import type { Artifact, ArtifactFile } from "./provider.ts";
import { forEachConcurrently } from "../../../../platform/concurrency.ts";
import { ProviderError, type StreamBody } from "./client.ts";

/** Streams base64 in pieces, to bound memory. */
async function* base64Of(source: Readable): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const piece of source) {
    const bytes = Buffer.concat([rest, piece as Uint8Array]);
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    if (whole > 0) yield bytes.toString("base64", 0, whole);
  }
  if (rest.length > 0) yield rest.toString("base64");
}

/** The extension without the dot; empty when there is none. */
const extensionOf = (path: string) => /[^/]\.([^./]*)$/.exec(path)?.[1] ?? "";

/** Cloudflare's asset hash: the first 32 hex digits of SHA-256 over the base64 content and the extension. */
export async function assetHash(file: ArtifactFile): Promise<string> {
  const hash = createHash("sha256");
  for await (const text of base64Of(file.open())) hash.update(text);
  return hash.update(extensionOf(file.path)).digest("hex").slice(0, 32);
}

export interface FormPart {
  name: string;
  filename: string;
  type: string;
  /** Encoded length in bytes. */
  length: number;
  open(): AsyncIterable<string | Uint8Array>;
}
/** A file as a base64 form part. */
export const assetPart = (hash: string, file: ArtifactFile): FormPart => ({
  name: hash,
  filename: hash,
  type: mediaTypeOf(file.path),
  length: Math.ceil(file.size / 3) * 4,
  open: () => base64Of(file.open()),
});
export const textPart = (name: string, filename: string, type: string, text: string): FormPart => ({
  name,
  filename,
  type,
  length: Buffer.byteLength(text),
  open: async function* () {
    yield text;
  },
});

/** multipart/form-data, generated while it is sent; can be sent again. */
export function multipart(parts: readonly FormPart[]): { contentType: string; body: StreamBody } {
  const boundary = `studio-${createHash("sha256")
    .update(parts.map(({ name }) => name).join())
    .digest("hex")
    .slice(0, 32)}`;
  const headOf = ({ name, filename, type }: FormPart) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${filename}"\r\ncontent-type: ${type}\r\n\r\n`;
  const end = `--${boundary}--\r\n`;
  const write = async function* () {
    for (const part of parts) {
      yield headOf(part);
      yield* part.open();
      yield "\r\n";
    }
    yield end;
  };
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: {
      length: parts.reduce((sum, part) => sum + Buffer.byteLength(headOf(part)) + part.length + 2, 0) + end.length,
      open: () => Readable.from(bytesOf(write()), { objectMode: false }),
    },
  };
}
async function* bytesOf(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

/** A small generated file. */
export function textFile(path: string, text: string): ArtifactFile {
  const bytes = Buffer.from(text);
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  return { path, size: bytes.length, sha1: digest("sha1"), sha256: digest("sha256"), mode: 0o644, open: () => Readable.from([bytes]) };
}

/** Adds a file unless the artifact has one at that path. */
export const withFile = (artifact: Artifact, file: ArtifactFile): Artifact =>
  artifact.files.some(({ path }) => path === file.path)
    ? artifact
    : { files: [...artifact.files, file], totalBytes: artifact.totalBytes + file.size };

/** The text of a file up to `maxBytes`; undefined when it is larger. */
export async function readFileText(file: ArtifactFile, maxBytes: number): Promise<string | undefined> {
  if (file.size > maxBytes) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of file.open()) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString();
}

/** Uploads the files that a provider asks for by SHA-1 digest, `concurrency` at a time. Throws `ProviderError` for a digest that is not in the artifact. */
export async function uploadRequested(
  { files }: Artifact,
  digests: readonly string[],
  { provider, concurrency, signal }: { provider: string; concurrency: number; signal: AbortSignal },
  upload: (file: ArtifactFile, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const byDigest = new Map(files.map((file) => [file.sha1, file]));
  await forEachConcurrently([...new Set(digests)], concurrency, signal, async (digest, uploadSignal) => {
    const file = byDigest.get(digest);
    if (!file)
      throw new ProviderError("refused", `${provider} requested a file that is not part of this deployment (${digest.slice(0, 40)}).`);
    await upload(file, uploadSignal);
  });
}
