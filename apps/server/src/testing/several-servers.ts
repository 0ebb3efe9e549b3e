/** Keys of the S3 server that the servers share. */
export const sharedBucket = { bucket: "studio", accessKeyId: "key", secretAccessKey: "secret" };
export const sharedRunnerToken = "0123456789abcdef0123456789abcdef";

/** Settings of a test server that is one of several. Its address is set in `configure`, once its port is known. */
export const severalServersEnv = (objects: { endpoint: string }, runnerUrl = "http://127.0.0.1:1"): Record<string, string> => ({
  DATABASE_URL: "postgres://shared/database",
  SERVER_ADDRESS: "http://127.0.0.1:1",
  RUNTIME_DRIVER: "remote",
  RUNNER_URL: runnerUrl,
  RUNNER_TOKEN: sharedRunnerToken,
  OBJECTS_S3_ENDPOINT: objects.endpoint,
  OBJECTS_S3_BUCKET: sharedBucket.bucket,
  OBJECTS_S3_ACCESS_KEY_ID: sharedBucket.accessKeyId,
  OBJECTS_S3_SECRET_ACCESS_KEY: sharedBucket.secretAccessKey,
  OUTBOUND_ALLOW_HOSTS: new URL(objects.endpoint).host,
});
