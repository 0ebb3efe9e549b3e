/** Limits that both sides know, without the schemas: a browser loads this alone. */

/** Bytes of one text write; larger is 413. Base64 and JSON escapes make the body larger than that. */
export const maxFileBytes = 10 * 1024 * 1024;

/** One file of `file-upload`; the whole request may have `maxUploadTotalBytes` in at most `maxUploadFiles` files. */
export const maxUploadBytes = 100 * 1024 * 1024;
export const maxUploadTotalBytes = 500 * 1024 * 1024;
export const maxUploadFiles = 2000;

/** Paths of one `file-batch`. */
export const maxBatchPaths = 200;

/** Bytes of an uploaded archive, and how many entries it may have. What is in it must fit the project's disk quota. */
export const maxArchiveBytes = 500 * 1024 * 1024;
export const maxArchiveEntries = 50_000;

/** Files in a project's list without a `limit`, and the largest `limit`. */
export const maxListedFiles = 10_000;
export const maxListedPage = 500;
