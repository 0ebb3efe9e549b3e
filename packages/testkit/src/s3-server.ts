import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface S3Server extends AsyncDisposable {
  endpoint: string;
  /** Content by `bucket/key`. */
  objects: Map<string, Buffer>;
  /** Answers the next requests with 503. */
  failNext(requests: number): void;
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
const hmac = (key: Uint8Array | string, data: string) => createHmac("sha256", key).update(data).digest();

/**
 * S3's REST API for objects of one bucket, with path-style addresses: PUT, GET with ranges, DELETE and ListObjectsV2 in pages. Requests
 * without a valid signature (version 4) of the given keys are refused.
 */
export async function startS3Server({
  bucket,
  accessKeyId,
  secretAccessKey,
  region = "us-east-1",
  pageSize = 1000,
}: {
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  region?: string;
  pageSize?: number;
}): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  let failures = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? "/", "http://s3");
    const send = (status: number, content: string | Buffer = "") => response.writeHead(status).end(content);
    const fail = (status: number, code: string) => send(status, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    if (failures > 0) {
      failures--;
      return fail(503, "SlowDown");
    }
    if (!isSigned(request, url, body, { accessKeyId, secretAccessKey, region })) return fail(403, "SignatureDoesNotMatch");
    const [, name = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
    if (name !== bucket) return fail(404, "NoSuchBucket");
    const key = rest.join("/");
    const at = `${bucket}/${key}`;
    if (key === "" && request.method === "GET") {
      const prefix = `${bucket}/${url.searchParams.get("prefix") ?? ""}`;
      const after = Buffer.from(url.searchParams.get("continuation-token") ?? "", "base64url").toString("utf8");
      const all = [...objects.keys()].filter((one) => one.startsWith(prefix) && one > after).sort();
      const page = all.slice(0, pageSize);
      const next = all.length > page.length ? Buffer.from(page.at(-1) ?? "").toString("base64url") : undefined;
      const contents = page.map(
        (one) => `<Contents><Key>${escape(one.slice(bucket.length + 1))}</Key><Size>${objects.get(one)?.length}</Size></Contents>`,
      );
      return send(
        200,
        `<?xml version="1.0"?><ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`}${contents.join("")}</ListBucketResult>`,
      );
    }
    if (request.method === "PUT") {
      objects.set(at, body);
      return send(200);
    }
    if (request.method === "DELETE") {
      objects.delete(at);
      return send(204);
    }
    const found = objects.get(at);
    if (!found) return fail(404, "NoSuchKey");
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    return start === undefined ? send(200, found) : send(206, found.subarray(Number(start), Number(end) + 1));
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
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
