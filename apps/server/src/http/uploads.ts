import type { FastifyRequest } from "fastify";
import { invalid } from "../platform/errors.ts";

/** One file of a multipart body: its path as the client gave it, and its bytes as they come. */
export interface UploadedFile {
  path: string;
  data: AsyncIterable<Uint8Array>;
  /** Whether the client went away in the middle of it. */
  isCut: () => boolean;
}

/** How long a refused client may go on sending before the connection is cut. It reads the answer only then. */
const drainMs = 30_000;

/** The files of a multipart body, one after the other; no form at all is 422. Sizes are the reader's business: it stops, the rest is thrown away. */
export async function* uploadedFiles(request: FastifyRequest): AsyncGenerator<UploadedFile> {
  if (!request.isMultipart()) throw invalid(["body", "file"], "Field required", "missing");
  const { raw } = request;
  const none = Number.POSITIVE_INFINITY;
  try {
    for await (const part of request.parts({ preservePath: true, limits: { fileSize: none, files: none, parts: none } }))
      if (part.type === "file")
        yield { path: part.filename ?? "", data: part.file, isCut: () => part.file.truncated || raw.errored !== null };
  } finally {
    if (!raw.complete && !raw.destroyed) {
      raw.unpipe();
      raw.resume();
      const timer = setTimeout(() => raw.destroy(), drainMs);
      raw.once("close", () => clearTimeout(timer));
    }
  }
}
