export { createBucketClaim, guardObjects } from "./claim.ts";
export { createStorageOutbound, openFolderObjects, openObjects, scratchFolder } from "./create.ts";
export { recordLocation, refuseOtherObjects } from "./location.ts";
export { collections, type ObjectFacts, type ObjectStore } from "./object-store.ts";
export { bucketAddress } from "./s3-store.ts";
export { createS3Client, S3Error, type S3Options, type S3Request } from "./s3-client.ts";
