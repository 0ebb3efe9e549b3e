import { createS3Client, S3Error, type S3Options, type S3Request } from "../../../platform/objects/index.ts";
import { BackupError } from "./backup-error.ts";
import type { BackupTarget } from "./target.ts";

/** Objects below `s3://bucket/prefix`. An S3 object appears completely or not at all, and durably. */
export function openS3Target(address: string, options: Omit<S3Options, "bucket">): BackupTarget {
  const { host: bucket, pathname } = new URL(address);
  if (options.accessKeyId === "" || options.secretAccessKey === "")
    throw new BackupError(`${address} needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY. Set them, or use a folder as target.`);
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, "");
  const base = prefix === "" ? "" : `${prefix}/`;
  const client = createS3Client({ ...options, bucket });

  const explained = async <T>(what: string, call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (cause) {
      if (!(cause instanceof S3Error)) throw cause;
      if (cause.code === "NoSuchBucket")
        throw new BackupError(`The bucket ${bucket} of ${address} does not exist. Create it first.`, { cause });
      const advice =
        cause.status === undefined
          ? "Check S3_ENDPOINT and the network."
          : "Check the bucket, S3_ENDPOINT, S3_REGION and the rights of the access key.";
      throw new BackupError(`Could not ${what} ${address}: ${cause.message}. ${advice}`, { cause });
    }
  };
  const send = (what: string, method: string, name: string, request: Omit<S3Request, "key"> = {}) =>
    explained(what, client.send(method, { ...request, key: base + name }));

  return {
    address: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`,
    async put(name, data) {
      await (await send("write to", "PUT", name, { body: data })).arrayBuffer();
    },
    async get(name, range) {
      const headers = range && { range: `bytes=${range.start}-${range.start + range.length - 1}` };
      try {
        const response = await send("read", "GET", name, headers ? { headers } : {});
        return Buffer.from(await response.arrayBuffer());
      } catch (error) {
        const cause = error instanceof BackupError ? error.cause : undefined;
        // Without a bucket there are no backups to be missed: that is a mistake in the address.
        if (cause instanceof S3Error && cause.status === 404 && cause.code !== "NoSuchBucket") return undefined;
        throw error;
      }
    },
    async list(folder) {
      const found: { name: string; bytes: number }[] = [];
      let after: string | undefined;
      do {
        const page = await explained("list", client.listPage(base + folder, { after }));
        for (const { key, bytes } of page.objects) if (key.startsWith(base)) found.push({ name: key.slice(base.length), bytes });
        after = page.next;
      } while (after !== undefined);
      return found;
    },
    async remove(name) {
      await (await send("delete from", "DELETE", name, { accepts: [404] })).arrayBuffer();
    },
  };
}
