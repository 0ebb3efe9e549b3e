export { createArchiveSource } from "./archive-source.ts";
export { addTree, createDownload } from "./download.ts";
export { createFork } from "./fork.ts";
export { createForkSource } from "./fork-source.ts";
export { createGitSource } from "./git-source.ts";
export { createImport, sweepArchives } from "./import.ts";
export { startCommandOf } from "./start-command.ts";
export { mountTransfer } from "./transfer.routes.ts";
