import { createHash, type Hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { FormDigest } from "./context.ts";
import { AppError, InvalidInput, badRequest, invalid } from "../platform/errors.ts";

/** One file of a multipart body: the client's path and the byte stream. */
export interface UploadedFile {
  /** Form field name. */
  field: string;
  path: string;
  /** Content type of the part; default `application/octet-stream`. */
  mimeType: string;
  data: AsyncIterable<Uint8Array>;
  /** Whether the client disconnected before the end. */
  isCut: () => boolean;
}
declare module "fastify" {
  interface FastifyRequest {
    form: { parts: number; hash: Hash } | undefined;
  }
}
/** A text field of a multipart body. */
export interface UploadedField {
  field: string;
  value: string;
}

/** How long a rejected client may keep sending before the connection is closed, because most clients read the response only afterwards. */
const drainMs = 30_000;

/** The form parser throws plain `Error`s for truncated or invalid bodies; its limit errors have a code. */
const refusalOf = (error: unknown): unknown =>
  error instanceof Error && !("code" in error) && !(error instanceof InvalidInput)
    ? badRequest("The form is malformed, or the upload was interrupted.")
    : error;
async function* readable(data: AsyncIterable<Uint8Array>, note: ((bytes: Uint8Array) => void) | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of data) {
      note?.(bytes);
      yield bytes;
    }
  } catch (error) {
    throw refusalOf(error);
  }
}

/**
 * The parts of a multipart body, in order; 422 when the body is not a form. The reader enforces size limits: when it stops, the rest
 * is discarded. A field may come after the file it refers to.
 */
export async function* uploadedParts(request: FastifyRequest): AsyncGenerator<UploadedFile | UploadedField> {
  if (!request.isMultipart()) throw invalid(["body", "file"], "Field required", "missing");
  const { raw } = request;
  const known = request.routeOptions.config.formFields;
  // The digest covers the content only, because a retry has other boundaries.
  const digest = request.headers["idempotency-key"] === undefined ? undefined : { parts: 0, hash: createHash("sha256") };
  request.form = digest;
  const note = (facts: unknown[]) => {
    if (!digest) return;
    digest.parts += 1;
    digest.hash.update(JSON.stringify(facts));
  };
  const none = Number.POSITIVE_INFINITY;
  try {
    for await (const part of request.parts({ preservePath: true, limits: { fileSize: none, files: none, parts: none } })) {
      note(part.type === "file" ? [part.fieldname, part.filename, part.mimetype] : [part.fieldname, part.value]);
      if (part.type === "file")
        yield {
          field: part.fieldname,
          path: part.filename ?? "",
          mimeType: part.mimetype,
          data: readable(part.file, digest && ((bytes) => void digest.hash.update(bytes))),
          isCut: () => part.file.truncated || raw.errored !== null,
        };
      else if (known && part.fieldname !== "file" && !known.includes(part.fieldname)) {
        const allowed = known.length > 0 ? `Allowed fields: file, ${known.join(", ")}` : "Only files are allowed here";
        throw invalid(["body", part.fieldname], `Unknown field. ${allowed}`, "unknown_field");
      } else if (typeof part.value === "string") yield { field: part.fieldname, value: part.value };
    }
  } catch (error) {
    throw refusalOf(error);
  } finally {
    if (!raw.complete && !raw.destroyed) {
      raw.unpipe();
      raw.resume();
      const timer = setTimeout(() => raw.destroy(), drainMs);
      raw.once("close", () => clearTimeout(timer));
    }
  }
}

/** Digest of the parts the handler read. */
export const readForm = ({ form }: FastifyRequest): FormDigest | undefined =>
  form && { parts: form.parts, hash: form.hash.copy().digest("hex") };
/** The same digest of an unread form, over as many parts. */
export async function digestForm(request: FastifyRequest, parts: number): Promise<FormDigest | undefined> {
  let left = parts;
  if (left > 0)
    for await (const part of uploadedParts(request)) {
      if ("data" in part) for await (const _ of part.data) void _;
      if (--left === 0) break;
    }
  return readForm(request);
}

/** The files of a multipart body, without text fields. */
export async function* uploadedFiles(request: FastifyRequest): AsyncGenerator<UploadedFile> {
  for await (const part of uploadedParts(request)) if ("data" in part) yield part;
}

/** Reads the first file into memory. Throws `file_too_large` at the limit; `what` names the file in the message. */
export async function readUpload(files: AsyncIterable<UploadedFile>, maxBytes: number, what: string): Promise<Buffer> {
  for await (const file of files) {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of file.data) {
      size += chunk.byteLength;
      if (size > maxBytes)
        throw new AppError("file_too_large", `${what} is limited to ${maxBytes / 2 ** 20} MiB.`, { details: { limit: maxBytes } });
      chunks.push(chunk);
    }
    if (file.isCut()) throw badRequest("The upload was interrupted. Upload the file again.");
    if (size === 0) throw invalid(["body", "file"], "The file is empty", "too_short");
    return Buffer.concat(chunks);
  }
  throw invalid(["body", "file"], "Field required", "missing");
}
