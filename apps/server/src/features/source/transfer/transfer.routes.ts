import { Readable } from "node:stream";
import { transferRoutes } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { uploadedFiles } from "../../../http/uploads.ts";
import type { Download } from "./download.ts";
import type { ProjectForks } from "./fork-source.ts";
import type { Import } from "./import.ts";

export function mountTransfer(
  mount: Mount,
  { download, importArchive, fork }: { download: Download; importArchive: Import; fork: ProjectForks },
): void {
  mount("transfer", transferRoutes, {
    download: async ({ user, setHeader }, { params, query: { format = "zip" } }, { request, reply }) => {
      const { project, open } = await download(user.id, params.id, format);
      setHeader("content-disposition", attachment(`${project.slug}.${format}`));
      setHeader("cache-control", "no-store");
      reply.type(format === "zip" ? "application/zip" : "application/gzip");
      // HEAD must not create the archive.
      return reply.send(request.method === "HEAD" ? Readable.from([]) : await open());
    },
    import: ({ user }, { query }, { request }) => importArchive(user.id, uploadedFiles(request), query),
    fork: ({ user }, { params, body }) => fork(user.id, params.id, body),
  });
}
