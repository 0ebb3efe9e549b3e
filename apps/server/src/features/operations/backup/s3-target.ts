import { AwsClient } from "aws4fetch";
import { BackupError } from "./backup-error.ts";
import type { BackupTarget } from "./target.ts";

export interface S3Options {
  /** Undefined: Amazon S3 of the region. */
  endpoint?: string | undefined;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** The bucket is in the path instead of the host name. */
  isPathStyle: boolean;
}

/** Retried by the client: connection failures, 5xx and 429, with growing delays. */
const retries = 5;
const timeoutMs = 5 * 60_000;

/** Objects below `s3://bucket/prefix`. An S3 object appears completely or not at all, and durably. */
export function openS3Target(address: string, { endpoint, region, accessKeyId, secretAccessKey, isPathStyle }: S3Options): BackupTarget {
  const { host: bucket, pathname } = new URL(address);
  if (accessKeyId === "" || secretAccessKey === "")
    throw new BackupError(`${address} needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY. Set them, or use a folder as target.`);
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, "");
  const base = prefix === "" ? "" : `${prefix}/`;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries, initRetryMs: 200 });
  const root = (() => {
    if (endpoint === undefined) return `https://${bucket}.s3.${region}.amazonaws.com`;
    const url = new URL(endpoint);
    return isPathStyle ? `${url.href.replace(/\/$/, "")}/${bucket}` : `${url.protocol}//${bucket}.${url.host}`;
  })();

  const send = async (
    method: string,
    path: string,
    init: { body?: Uint8Array; headers?: Record<string, string> } = {},
  ): Promise<Response> => {
    const body = init.body && new Uint8Array(init.body);
    try {
      return await client.fetch(`${root}${path}`, {
        method,
        ...(body && { body }),
        ...(init.headers && { headers: init.headers }),
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (cause) {
      throw new BackupError(`The S3 storage of ${address} (${new URL(root).host}) did not answer: ${reasonOf(cause)}.`, { cause });
    }
  };
  const pathOf = (name: string) => `/${(base + name).split("/").map(encodeURIComponent).join("/")}`;
  const refuse = async (response: Response, what: string): Promise<never> => {
    const text = await response.text().catch(() => "");
    const reason = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1];
    throw new BackupError(
      `The S3 storage refused to ${what} in ${address}: ${response.status}${reason === undefined ? "" : ` ${reason}`}. Check the bucket, S3_ENDPOINT, S3_REGION and the rights of the access key.`,
    );
  };

  return {
    address: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`,
    async put(name, data) {
      const response = await send("PUT", pathOf(name), { body: data });
      if (!response.ok) await refuse(response, "write");
      await response.arrayBuffer();
    },
    async get(name, range) {
      const headers = range && { range: `bytes=${range.start}-${range.start + range.length - 1}` };
      const response = await send("GET", pathOf(name), headers ? { headers } : {});
      if (response.status === 404) {
        const text = await response.text();
        // Without a bucket there are no backups to be missed: that is a mistake in the address.
        if (text.includes("NoSuchBucket")) throw new BackupError(`The bucket ${bucket} of ${address} does not exist. Create it first.`);
        return undefined;
      }
      if (!response.ok) await refuse(response, "read");
      return Buffer.from(await response.arrayBuffer());
    },
    async list(folder) {
      const found: { name: string; bytes: number }[] = [];
      let token: string | undefined;
      do {
        const query = new URLSearchParams({ "list-type": "2", prefix: base + folder });
        if (token !== undefined) query.set("continuation-token", token);
        const response = await send("GET", `/?${query.toString().replaceAll("+", "%20")}`);
        if (!response.ok) await refuse(response, "list");
        const text = await response.text();
        for (const [, item = ""] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          const key = textOf(item, "Key");
          if (key?.startsWith(base)) found.push({ name: key.slice(base.length), bytes: Number(textOf(item, "Size") ?? 0) });
        }
        token = textOf(text, "IsTruncated") === "true" ? textOf(text, "NextContinuationToken") : undefined;
      } while (token !== undefined);
      return found;
    },
    async remove(name) {
      const response = await send("DELETE", pathOf(name));
      if (!response.ok && response.status !== 404) await refuse(response, "delete");
      await response.arrayBuffer();
    },
  };
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** The text of an element. Our own names need no more than this of XML. */
const textOf = (xml: string, element: string): string | undefined =>
  new RegExp(`<${element}>([^<]*)</${element}>`)
    .exec(xml)?.[1]
    ?.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? "");

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
