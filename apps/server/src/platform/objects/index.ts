export { createStorageOutbound, openFolderObjects, openObjects, scratchFolder } from "./create.ts";
export { refuseOtherObjects } from "./location.ts";
export type { ObjectStore } from "./object-store.ts";
export { createS3Client, S3Error, type S3Options, type S3Request } from "./s3-client.ts";
