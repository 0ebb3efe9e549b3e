import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";

export interface S3Options {
  bucket: string;
  /** Undefined: Amazon S3 of the region. */
  endpoint?: string | undefined;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** The bucket is in the path instead of the host name. Only with an endpoint. */
  isPathStyle: boolean;
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** The storage did not respond (no `status`), or refused a request. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly status: number | undefined;
  /** S3's own, such as `NoSuchKey`. */
  readonly code: string | undefined;
  constructor(message: string, { status, code, cause }: { status?: number; code?: string | undefined; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
  }
}

export interface S3Request {
  /** Empty: the bucket. */
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array;
  signal?: AbortSignal | undefined;
  /** Statuses besides 2xx that are returned. */
  accepts?: readonly number[];
}

const attempts = 5;
const firstRetryMs = 200;
/** Until the headers of a response; with a body, until it was sent. */
const timeoutMs = 60_000;
const uploadTimeoutMs = 5 * 60_000;
const emptyHash = createHash("sha256").digest("hex");

/**
 * Requests to one bucket, signed with their content's hash, so that the storage refuses what was damaged on the way. Connection failures, 5xx
 * and 429 are retried with growing delays. Neither keys nor signatures are in errors.
 */
export function createS3Client({
  bucket,
  endpoint,
  region,
  accessKeyId,
  secretAccessKey,
  isPathStyle,
  fetch = globalThis.fetch,
}: S3Options) {
  const root = (() => {
    if (endpoint === undefined) return `https://${bucket}.s3.${region}.amazonaws.com`;
    const url = new URL(endpoint);
    return isPathStyle ? `${url.href.replace(/\/$/, "")}/${bucket}` : `${url.protocol}//${bucket}.${url.host}`;
  })();
  const { host } = new URL(root);
  const urlOf = (key: string, query: Record<string, string>) => {
    const search = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
    return `${root}/${key.split("/").map(encode).join("/")}${search.length === 0 ? "" : `?${search.join("&")}`}`;
  };

  const attempt = async (method: string, { key = "", query = {}, headers = {}, body, signal }: S3Request): Promise<Response> => {
    const signed = await new AwsV4Signer({
      method,
      url: urlOf(key, query),
      headers: { ...headers, "x-amz-content-sha256": body ? createHash("sha256").update(body).digest("hex") : emptyHash },
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      accessKeyId,
      secretAccessKey,
      region,
      service: "s3",
    }).sign();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("no response in time")), body ? uploadTimeoutMs : timeoutMs);
    try {
      return await fetch(signed.url, {
        method,
        headers: [...(signed.headers as Headers), ["accept-encoding", "identity"]],
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      });
    } finally {
      clearTimeout(timer);
    }
  };

  /** Throws `S3Error`. */
  const send = async (method: string, request: S3Request): Promise<Response> => {
    for (let tried = 1; ; tried++) {
      request.signal?.throwIfAborted();
      let failure: S3Error;
      try {
        const response = await attempt(method, request);
        if (response.ok || request.accepts?.includes(response.status)) return response;
        failure = await errorOf(response, host);
        if (response.status < 500 && response.status !== 429) throw failure;
      } catch (error) {
        if (error instanceof S3Error) throw error;
        request.signal?.throwIfAborted();
        failure = new S3Error(`${host} did not respond: ${reasonOf(error)}`, { cause: error });
      }
      if (tried >= attempts) throw failure;
      await sleep(firstRetryMs * 2 ** (tried - 1) * (0.5 + Math.random() / 2), undefined, request.signal && { signal: request.signal });
    }
  };

  return {
    host,
    bucket,
    send,
    /** Sends and reads an XML response. S3 can report an error in it after it has sent 200. */
    sendForXml: async (method: string, request: S3Request): Promise<string> => {
      const response = await send(method, request);
      const text = await response.text();
      const code = /<Error>.*?<Code>([^<]{1,100})<\/Code>/s.exec(text)?.[1];
      if (code !== undefined) throw new S3Error(`${host} responded with ${code}`, { status: response.status, code });
      return text;
    },
    /** A page of a list. `after`: a continuation token. */
    listPage: async (
      prefix: string,
      { after, startAfter, isFlat = true }: { after?: string | undefined; startAfter?: string | undefined; isFlat?: boolean } = {},
    ) => {
      const response = await send("GET", {
        query: {
          "list-type": "2",
          prefix,
          ...(after !== undefined && { "continuation-token": after }),
          ...(startAfter !== undefined && { "start-after": startAfter }),
          ...(!isFlat && { delimiter: "/" }),
        },
      });
      const text = await response.text();
      return {
        objects: elementsOf(text, "Contents").map((item) => ({
          key: textOf(item, "Key") ?? "",
          bytes: Number(textOf(item, "Size") ?? 0),
          etag: textOf(item, "ETag") ?? "",
          modifiedAt: new Date(textOf(item, "LastModified") ?? 0),
        })),
        prefixes: elementsOf(text, "CommonPrefixes").map((item) => textOf(item, "Prefix") ?? ""),
        next: textOf(text, "IsTruncated") === "true" ? textOf(text, "NextContinuationToken") : undefined,
      };
    },
  };
}

async function errorOf(response: Response, host: string): Promise<S3Error> {
  const text = await response.text().catch(() => "");
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1];
  return new S3Error(`${host} responded with ${response.status}${code === undefined ? "" : ` ${code}`}`, { status: response.status, code });
}

/** As signatures need it: everything but letters, digits and `-._~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export const elementsOf = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs"))].map(([, content = ""]) => content);

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** The text of the first such element. */
export const textOf = (xml: string, element: string): string | undefined =>
  new RegExp(`<${element}(?:\\s[^>]*)?>([^<]*)</${element}>`)
    .exec(xml)?.[1]
    ?.replaceAll(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (_, name?: string, decimal?: string, hex?: string) =>
      name === undefined
        ? String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number(decimal))
        : (entities[name] ?? ""),
    );

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
