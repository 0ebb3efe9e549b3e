export {
  createAnnounce,
  createFiles,
  type Announce,
  type CheckpointBefore,
  type ProjectFileChange,
  type Files,
  type ProjectAccess,
} from "./files.service.ts";
export { createFileSearch, type FileSearch } from "./files.search.ts";
export { createFileUpload } from "./files.upload.ts";
export { createFilesWatch, type FilesWatch } from "./files.watch.ts";
export { mountFiles } from "./files.routes.ts";
export { exactPath, isSkipped, normalisePath, skippedDirectories, writablePath } from "./files.paths.ts";
