import { startS3Server, type S3Server } from "@tesslate/testkit";

/** A bucket, and the settings of a server that stores its files there. */
export async function startBucket(): Promise<{ server: S3Server; env: Record<string, string> }> {
  const keys = { bucket: "studio", accessKeyId: "key", secretAccessKey: "secret" };
  const server = await startS3Server(keys);
  return {
    server,
    env: {
      OBJECTS_S3_ENDPOINT: server.endpoint,
      OBJECTS_S3_BUCKET: keys.bucket,
      OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
      OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
      OUTBOUND_ALLOW_HOSTS: new URL(server.endpoint).host,
    },
  };
}
