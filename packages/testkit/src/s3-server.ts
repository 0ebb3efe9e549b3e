import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface S3Server extends AsyncDisposable {
  endpoint: string;
  /** Content by `bucket/key`. */
  objects: Map<string, Buffer>;
  /** Stores an object as of that time; `at`: `bucket/key`. */
  put(at: string, data: Buffer, time: Date): void;
  /** Uploads in parts that are neither complete nor aborted. */
  readonly uploads: number;
  /** Responses that are being sent. */
  readonly responses: number;
  /** Answers the next requests with 503. */
  failNext(requests: number): void;
  /** Closes the connection of the next request for content after so many bytes. */
  cutNext(bytes: number): void;
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const xml = '<?xml version="1.0"?>';
const etagOf = (data: Buffer) => `"${createHash("md5").update(data).digest("hex")}"`;
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
const hmac = (key: Uint8Array | string, data: string) => createHmac("sha256", key).update(data).digest();

/**
 * S3's REST API for objects of one bucket, with path-style addresses: PUT (also in parts, of another object, or only if there is none), GET with
 * ranges, HEAD, DELETE, ListObjectsV2 in pages and by folders, ListMultipartUploads. Requests without a valid signature (version 4) of the given
 * keys are refused. Parts may be small.
 */
export async function startS3Server({
  bucket,
  accessKeyId,
  secretAccessKey,
  region = "us-east-1",
  pageSize = 1000,
  host = "127.0.0.1",
}: {
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  region?: string;
  pageSize?: number;
  /** To listen on. */
  host?: string;
}): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const times = new Map<string, Date>();
  const uploads = new Map<string, { key: string; begunAt: Date; parts: Map<number, Buffer> }>();
  let failures = 0;
  let cutAfter: number | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? "/", "http://s3");
    const send = (status: number, content: string | Buffer = "") => response.writeHead(status).end(content);
    const fail = (status: number, code: string) => send(status, `${xml}<Error><Code>${code}</Code></Error>`);
    if (failures > 0) {
      failures--;
      return fail(503, "SlowDown");
    }
    if (!isSigned(request, url, body, { accessKeyId, secretAccessKey, region })) return fail(403, "SignatureDoesNotMatch");
    const [, name = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
    if (name !== bucket) return fail(404, "NoSuchBucket");
    const key = rest.join("/");
    const at = `${bucket}/${key}`;
    const { searchParams: query } = url;
    if (key === "" && request.method === "GET") return send(200, query.has("uploads") ? listUploads(query) : list(query));
    const isTaken = () => request.headers["if-none-match"] === "*" && objects.has(at);
    const keep = (data: Buffer) => {
      objects.set(at, data);
      times.set(at, new Date());
      response.setHeader("etag", etagOf(data));
    };
    const upload = uploads.get(query.get("uploadId") ?? "");
    if (query.has("uploadId") && upload?.key !== key) return fail(404, "NoSuchUpload");
    if (request.method === "POST" && query.has("uploads")) {
      const id = randomUUID();
      uploads.set(id, { key, begunAt: new Date(), parts: new Map() });
      return send(200, `${xml}<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (request.method === "POST" && upload) {
      if (isTaken()) return fail(412, "PreconditionFailed");
      const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag>/g)];
      const found = listed.map(([, number, etag = ""]) => ({
        part: upload.parts.get(Number(number)),
        etag: etag.replaceAll("&quot;", '"'),
      }));
      if (found.some(({ part, etag }) => !part || etagOf(part) !== etag)) return fail(400, "InvalidPart");
      keep(Buffer.concat(found.flatMap(({ part }) => part ?? [])));
      uploads.delete(query.get("uploadId") ?? "");
      return send(200, `${xml}<CompleteMultipartUploadResult><Key>${escape(key)}</Key></CompleteMultipartUploadResult>`);
    }
    if (request.method === "PUT" && upload) {
      upload.parts.set(Number(query.get("partNumber")), body);
      response.setHeader("etag", etagOf(body));
      return send(200);
    }
    if (request.method === "DELETE" && upload) {
      uploads.delete(query.get("uploadId") ?? "");
      return send(204);
    }
    if (request.method === "PUT") {
      const source = request.headers["x-amz-copy-source"];
      const copied = typeof source === "string" ? objects.get(decodeURIComponent(source).replace(/^\//, "")) : undefined;
      if (source !== undefined && !copied) return fail(404, "NoSuchKey");
      if (isTaken()) return fail(412, "PreconditionFailed");
      keep(copied ?? body);
      return send(200, copied ? `${xml}<CopyObjectResult/>` : "");
    }
    if (request.method === "DELETE") {
      objects.delete(at);
      return send(204);
    }
    const found = objects.get(at);
    if (!found) return fail(404, "NoSuchKey");
    if (request.headers["if-match"] !== undefined && request.headers["if-match"] !== etagOf(found)) return fail(412, "PreconditionFailed");
    response.setHeader("etag", etagOf(found)).setHeader("last-modified", (times.get(at) ?? new Date()).toUTCString());
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const part = start === undefined ? found : found.subarray(Number(start), Number(end) + 1);
    if (start !== undefined) response.setHeader("content-range", `bytes ${start}-${end}/${found.length}`);
    response.writeHead(start === undefined ? 200 : 206, { "content-length": part.length });
    if (cutAfter !== undefined && request.method === "GET" && part.length > cutAfter) {
      const cut = part.subarray(0, cutAfter);
      cutAfter = undefined;
      return response.write(cut, () => setImmediate(() => response.destroy()));
    }
    return response.end(request.method === "HEAD" ? "" : part);
  };
  const list = (query: URLSearchParams): string => {
    const prefix = `${bucket}/${query.get("prefix") ?? ""}`;
    const token = query.get("continuation-token");
    const after = token === null ? `${bucket}/${query.get("start-after") ?? ""}` : Buffer.from(token, "base64url").toString("utf8");
    const delimiter = query.get("delimiter");
    const folderOf = (one: string) => {
      const end = delimiter === null ? -1 : one.indexOf(delimiter, prefix.length);
      return end < 0 ? undefined : one.slice(0, end + 1);
    };
    const all = [...objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const rows = [...new Set(all.filter((one) => one.startsWith(prefix) && one > after).map((one) => folderOf(one) ?? one))].filter(
      (one) => one > after,
    );
    const page = rows.slice(0, pageSize);
    const next = rows.length > page.length ? Buffer.from(page.at(-1) ?? "").toString("base64url") : undefined;
    const entries = page.map((one) => {
      const data = objects.get(one);
      const name = escape(one.slice(bucket.length + 1));
      return data
        ? `<Contents><Key>${name}</Key><LastModified>${(times.get(one) ?? new Date()).toISOString()}</LastModified><ETag>${escape(etagOf(data)).replaceAll('"', "&quot;")}</ETag><Size>${data.length}</Size></Contents>`
        : `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`;
    });
    return `${xml}<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`}${entries.join("")}</ListBucketResult>`;
  };
  const listUploads = (query: URLSearchParams): string => {
    const found = [...uploads].filter(([, { key }]) => key.startsWith(query.get("prefix") ?? ""));
    const entries = found.map(
      ([id, { key, begunAt }]) =>
        `<Upload><Key>${escape(key)}</Key><UploadId>${id}</UploadId><Initiated>${begunAt.toISOString()}</Initiated></Upload>`,
    );
    return `${xml}<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${entries.join("")}</ListMultipartUploadsResult>`;
  };
  let responses = 0;
  const server = createServer((request, response) => {
    responses++;
    response.once("close", () => responses--);
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    endpoint: `http://${host}:${(server.address() as AddressInfo).port}`,
    objects,
    put(at, data, time) {
      objects.set(at, data);
      times.set(at, time);
    },
    get responses() {
      return responses;
    },
    get uploads() {
      return uploads.size;
    },
    cutNext: (bytes) => void (cutAfter = bytes),
    failNext: (requests) => void (failures = requests),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Signature version 4 with the payload's hash, or `UNSIGNED-PAYLOAD`. */
function isSigned(
  { method = "", headers }: IncomingMessage,
  url: URL,
  body: Buffer,
  keys: { accessKeyId: string; secretAccessKey: string; region: string },
): boolean {
  const [, credential = "", signed = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? "") ?? [];
  const [id, day = "", region, service] = credential.split("/");
  if (id !== keys.accessKeyId || region !== keys.region || service !== "s3") return false;
  const payload = String(headers["x-amz-content-sha256"] ?? "");
  if (payload !== "UNSIGNED-PAYLOAD" && payload !== sha256(body)) return false;
  const encode = (text: string) => encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const path = url.pathname.split("/").map((part) => encode(decodeURIComponent(part)));
  const names = signed.split(";");
  const canonical = [
    method,
    path.join("/"),
    query.join("&"),
    ...names.map((name) => `${name}:${String(headers[name] ?? "").trim()}`),
    "",
    signed,
    payload,
  ].join("\n");
  const at = String(headers["x-amz-date"] ?? "");
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${keys.secretAccessKey}`, day), keys.region), "s3"), "aws4_request");
  const expected = hmac(key, ["AWS4-HMAC-SHA256", at, scope, sha256(canonical)].join("\n"));
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}
