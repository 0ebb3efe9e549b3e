export { createFiles, type Files } from "./files.service.ts";
export { createFilesWatch, type FilesWatch } from "./files.watch.ts";
export { mountFiles } from "./files.routes.ts";
export { isSkipped, normalisePath, skippedDirectories, writablePath } from "./files.paths.ts";
