/** Limits that both sides use, without schemas: a browser loads this alone. */

/** Bytes of one text write; larger is 413. Base64 and JSON escapes make the body larger than that. */
export const maxFileBytes = 10 * 1024 * 1024;

/** Bytes of one file of `file-upload`; the whole request has at most `maxUploadTotalBytes` in `maxUploadFiles` files. */
export const maxUploadBytes = 100 * 1024 * 1024;
export const maxUploadTotalBytes = 500 * 1024 * 1024;
export const maxUploadFiles = 2000;

/** Paths of one `file-batch`. */
export const maxBatchPaths = 200;

/** Bytes and entries of an uploaded archive. Its content has to fit the project's disk quota. */
export const maxArchiveBytes = 500 * 1024 * 1024;
export const maxArchiveEntries = 50_000;

/** Files in a project's list without `limit`, and the largest `limit`. */
export const maxListedFiles = 10_000;
export const maxListedPage = 500;

/** Lines of a container's log: the largest `tail`, and what the web UI keeps. The runtime keeps as many (`keptLogLines` there). */
export const maxLogLines = 5000;

/** Rows on a page of a table or a query result. */
export const maxDataPage = 200;
/** Characters of a cell on a page; a longer one is cut and marked. One whole cell is read and written up to `maxCellReadLength`. */
export const maxCellLength = 2048;
export const maxCellReadLength = 1024 * 1024;
/** Characters of the SQL of one request. */
export const maxSqlLength = 100_000;
/** Bytes of a CSV file that is imported into a table. */
export const maxImportBytes = 200 * 1024 * 1024;
/** Characters of a text that `GET /api/search` takes. */
export const maxSearchLength = 100;
/** Bytes of an uploaded picture of an agent or a template. */
export const maxStorePictureBytes = 8 * 1024 * 1024;
export const maxScreenshots = 6;
/** Items of a collection of the store. */
export const maxCollectionItems = 24;
