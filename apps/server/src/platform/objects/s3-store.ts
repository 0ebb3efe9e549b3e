import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { forEachConcurrently } from "../concurrency.ts";
import {
  checkKey,
  checkPrefix,
  limitedTo,
  ObjectExists,
  storageFull,
  storageUnavailable,
  type ByteRange,
  type ObjectFacts,
  type ObjectStore,
  type PutOptions,
} from "./object-store.ts";
import { createS3Client, elementsOf, S3Error, textOf, type S3Options } from "./s3-client.ts";

/** S3 allows 10,000 parts of at least 5 MiB. */
const defaultPartBytes = 8 * 2 ** 20;
const concurrency = 8;
/** How often the rest of an object is requested after its connection broke. */
const maxResumes = 5;

export interface S3StoreOptions extends S3Options {
  /** Begins all keys of the bucket, without `/` at its end. Empty: none. */
  prefix: string;
  /** Folder for temporary files. */
  scratchDir: string;
  /** Size of the parts of large objects, and memory for one upload. */
  partBytes?: number;
}

export const bucketAddress = ({ bucket, prefix }: { bucket: string; prefix: string }): string =>
  `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;

/** Objects in a bucket. Those larger than one part are uploaded in parts; an upload that fails is aborted. */
export function createS3Store({ prefix, scratchDir, partBytes = defaultPartBytes, ...options }: S3StoreOptions): ObjectStore {
  const client = createS3Client(options);
  const base = prefix === "" ? "" : `${prefix}/`;
  const nameOf = (key: string) => {
    checkKey(key);
    return base + key;
  };
  const scratchFile = async () => {
    await mkdir(scratchDir, { recursive: true, mode: 0o700 });
    return join(scratchDir, randomUUID());
  };
  const factsOf = (key: string, { headers }: Response, bytes: number): ObjectFacts => ({
    key,
    bytes,
    etag: headers.get("etag") ?? "",
    modifiedAt: new Date(headers.get("last-modified") ?? Date.now()),
  });

  const upload = async (name: string, parts: AsyncIterable<Buffer>, isNew: boolean, signal: AbortSignal | undefined): Promise<number> => {
    const condition: Record<string, string> = isNew ? { "if-none-match": "*" } : {};
    const iterator = parts[Symbol.asyncIterator]();
    let uploadId: string | undefined;
    try {
      const first = await iterator.next();
      let next = first.done ? first : await iterator.next();
      if (first.done || next.done) {
        const body = first.done ? Buffer.alloc(0) : first.value;
        await drain(await client.send("PUT", { key: name, body, headers: condition, signal }));
        return body.length;
      }
      uploadId = textOf(await client.sendForXml("POST", { key: name, query: { uploads: "" }, signal }), "UploadId");
      if (uploadId === undefined) throw new S3Error(`${client.host} began no upload`);
      const etags: string[] = [];
      let bytes = 0;
      const send = async (body: Buffer) => {
        const query = { partNumber: String(etags.length + 1), uploadId: uploadId ?? "" };
        const response = await client.send("PUT", { key: name, query, body, signal });
        await drain(response);
        etags.push(response.headers.get("etag") ?? "");
        bytes += body.length;
      };
      await send(first.value);
      for (; !next.done; next = await iterator.next()) await send(next.value);
      const body = Buffer.from(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${etags
          .map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag.replaceAll('"', "&quot;")}</ETag></Part>`)
          .join("")}</CompleteMultipartUpload>`,
      );
      await client.sendForXml("POST", { key: name, query: { uploadId }, body, headers: condition, signal });
      return bytes;
    } catch (error) {
      await iterator.return?.();
      // What this cannot abort, because the storage does not respond, `removeUnfinished` does.
      if (uploadId !== undefined) await client.send("DELETE", { key: name, query: { uploadId } }).then(drain, () => undefined);
      throw error;
    }
  };

  const put = async (
    name: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    { maxBytes, isNew = false, signal }: PutOptions,
  ): Promise<number> => {
    const source = data instanceof Uint8Array ? Readable.from([data]) : data;
    try {
      return await upload(name, partsOf(limitedTo(source, maxBytes, signal), partBytes), isNew, signal);
    } catch (error) {
      if (isNew && error instanceof S3Error && (error.status === 412 || error.status === 409)) throw new ObjectExists(name);
      throw failureOf(error);
    }
  };

  /** The rest of an object after a connection broke. */
  async function* contentOf(
    name: string,
    first: Response,
    { start, end }: ByteRange,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    const etag = first.headers.get("etag");
    let at = start;
    for (let response = first, resumes = 0; ;) {
      try {
        if (response.body) {
          for await (const piece of response.body) {
            yield piece;
            at += piece.byteLength;
          }
        }
        if (at > end) return;
        throw new S3Error(`${client.host} ended an object after ${at - start} of ${end - start + 1} bytes`);
      } catch (error) {
        if (signal.aborted || ++resumes > maxResumes) throw failureOf(error);
        const headers = { range: `bytes=${at}-${end}`, ...(etag !== null && { "if-match": etag }) };
        response = await client.send("GET", { key: name, headers, signal }).catch((reason: unknown) => {
          throw failureOf(reason);
        });
      }
    }
  }

  const get: ObjectStore["get"] = async (key, range) => {
    const name = nameOf(key);
    // Ends the request of a stream that is destroyed, whether or not data arrives.
    const ended = new AbortController();
    const { signal } = ended;
    const response = await ask(() =>
      client.send("GET", { key: name, accepts: [404], signal, ...(range && { headers: { range: `bytes=${range.start}-${range.end}` } }) }),
    );
    if (response.status === 404) return missing(response);
    const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1] ?? response.headers.get("content-length") ?? 0;
    const facts = factsOf(key, response, Number(total));
    if (facts.bytes === 0) {
      await drain(response);
      return { ...facts, data: Readable.from([]) };
    }
    const content = contentOf(name, response, range ?? { start: 0, end: facts.bytes - 1 }, signal);
    const data = Readable.from(content, { objectMode: false });
    data.once("close", () => ended.abort());
    return { ...facts, data };
  };
  const missing = async (response: Response): Promise<undefined> => {
    // A missing bucket is a mistake in the configuration.
    if (textOf(await response.text(), "Code") === "NoSuchBucket")
      throw storageUnavailable(
        new S3Error(`The bucket ${client.bucket} does not exist at ${client.host}`, { status: 404, code: "NoSuchBucket" }),
      );
    return undefined;
  };

  async function* list(within: string, after: string | undefined): AsyncGenerator<ObjectFacts, void> {
    let token: string | undefined;
    do {
      const page = await ask(() =>
        client.listPage(base + within, { after: token, startAfter: token === undefined && after !== undefined ? base + after : undefined }),
      );
      for (const object of page.objects) yield { ...object, key: object.key.slice(base.length) };
      token = page.next;
    } while (token !== undefined);
  }
  const remove = (names: readonly string[]) =>
    forEachConcurrently(names, concurrency, new AbortController().signal, async (key) => {
      await drain(await ask(() => client.send("DELETE", { key, accepts: [404] })));
    });

  const ownerName = `${base}installation.json`;
  const readOwner = async (): Promise<string | undefined> => {
    const response = await ask(() => client.send("GET", { key: ownerName, accepts: [404] }));
    if (response.status === 404) return missing(response);
    const { id } = JSON.parse(await response.text()) as { id: string };
    return id;
  };

  return {
    kind: "s3",
    address: bucketAddress({ bucket: options.bucket, prefix }),
    owner: {
      read: readOwner,
      set: async (id) => {
        await put(ownerName, Buffer.from(`${JSON.stringify({ id })}\n`), {});
      },
    },
    put: (key, data, given = {}) => put(nameOf(key), data, given),
    scratchFile,
    putFile: async (key, path) => {
      await put(nameOf(key), createReadStream(path, { highWaterMark: 2 ** 20 }), {});
    },
    get,
    async head(key) {
      const response = await ask(() => client.send("HEAD", { key: nameOf(key), accepts: [404] }));
      return response.status === 404 ? undefined : factsOf(key, response, Number(response.headers.get("content-length") ?? 0));
    },
    async localFile(key, signal) {
      const found = await get(key);
      if (!found) return undefined;
      const path = await scratchFile();
      const dispose = () => rm(path, { force: true });
      try {
        await pipeline(found.data, createWriteStream(path, { flags: "wx", mode: 0o600 }), { ...(signal && { signal }) });
      } catch (error) {
        await dispose();
        throw error;
      }
      return { path, bytes: found.bytes, [Symbol.asyncDispose]: dispose };
    },
    async copy(from, to) {
      const source = `/${options.bucket}/${nameOf(from).split("/").map(encodeURIComponent).join("/")}`;
      try {
        await client.sendForXml("PUT", { key: nameOf(to), headers: { "x-amz-copy-source": source } });
        return true;
      } catch (error) {
        if (error instanceof S3Error && error.status === 404 && error.code !== "NoSuchBucket") return false;
        throw failureOf(error);
      }
    },
    delete: (...keys) => remove(keys.map(nameOf)),
    async deleteAll(within) {
      checkPrefix(within, { isDeleted: true });
      let names: string[] = [];
      for await (const { key } of list(within, undefined)) {
        names.push(base + key);
        if (names.length < 1000) continue;
        await remove(names);
        names = [];
      }
      await remove(names);
    },
    list: (within, { after } = {}) => {
      checkPrefix(within);
      return list(within, after);
    },
    async listFolders(within) {
      checkPrefix(within);
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await ask(() => client.listPage(base + within, { after, isFlat: false }));
        found.push(...page.prefixes.map((each) => each.slice(base.length + within.length, -1)));
        after = page.next;
      } while (after !== undefined);
      return found;
    },
    async check() {
      const key = `${base}check-${randomUUID()}`;
      const body = Buffer.from(key);
      await ask(async () => {
        await drain(await client.send("PUT", { key, body }));
        const response = await client.send("GET", { key });
        if (!Buffer.from(await response.arrayBuffer()).equals(body))
          throw new S3Error(`${client.host} returned another content than it was sent`);
        await drain(await client.send("DELETE", { key }));
      });
    },
    async removeUnfinished(before) {
      let removed = 0;
      let after: Record<string, string> | undefined = {};
      while (after) {
        const query: Record<string, string> = { uploads: "", prefix: base, ...after };
        const text: string = await ask(() => client.sendForXml("GET", { query }));
        for (const item of elementsOf(text, "Upload")) {
          const [key, uploadId] = [textOf(item, "Key"), textOf(item, "UploadId")];
          if (key === undefined || uploadId === undefined || !(new Date(textOf(item, "Initiated") ?? Date.now()) < before)) continue;
          await drain(await ask(() => client.send("DELETE", { key, query: { uploadId }, accepts: [404] })));
          removed++;
        }
        const [key, upload] = [textOf(text, "NextKeyMarker"), textOf(text, "NextUploadIdMarker")];
        after = textOf(text, "IsTruncated") === "true" && key ? { "key-marker": key, "upload-id-marker": upload ?? "" } : undefined;
      }
      return removed;
    },
  };
}

/** Parts of the size that S3 expects, the last one smaller. Nothing for no data. */
async function* partsOf(data: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Buffer, void> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of data) {
    for (let at = 0; at < piece.byteLength;) {
      const taken = piece.subarray(at, at + partBytes - bytes);
      waiting.push(taken);
      bytes += taken.byteLength;
      at += taken.byteLength;
      if (bytes < partBytes) continue;
      yield Buffer.concat(waiting, bytes);
      waiting = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

/** Frees the connection. */
const drain = async (response: Response): Promise<void> => {
  await response.arrayBuffer();
};

const fullCodes = new Set(["QuotaExceeded", "XMinioStorageFull", "EntityTooLargeForQuota", "InsufficientStorage"]);
/** Errors of the storage for the user; others pass through. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof S3Error)) return error;
  return error.status === 507 || fullCodes.has(error.code ?? "") ? storageFull(error) : storageUnavailable(error);
}
async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error);
  }
}
