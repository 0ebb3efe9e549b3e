import { Readable } from "node:stream";
import { filesRoutes } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { rangeOf } from "../../../http/range.ts";
import { uploadedFiles } from "../../../http/uploads.ts";
import type { FileSearch } from "./files.search.ts";
import type { Files } from "./files.service.ts";
import type { FileUpload } from "./files.upload.ts";

const quoted = (etag: string) => `"${etag}"`;
/** The opaque part of an entity tag header; `undefined` when the header is absent. */
const tagOf = (header: string | undefined) =>
  header
    ?.trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");

export function mountFiles(mount: Mount, { files, search, upload }: { files: Files; search: FileSearch; upload: FileUpload }): void {
  mount("files", filesRoutes, {
    list: ({ user }, { params, query }) => files.list(user.id, params.id, query),
    tree: ({ user }, { params }) => files.tree(user.id, params.id),
    rename: ({ user }, { params, body }) => files.rename(user.id, params.id, body),
    mkdir: async (context, { params, body }) => {
      const { file, created } = await files.mkdir(context.user.id, params.id, body.path);
      context.status(created ? 201 : 200);
      return file;
    },
    get: async (context, { params, query }, { request, reply }) => {
      if (query.raw !== true) {
        const file = await files.read(context.user.id, params.id, params.path);
        context.setHeader("etag", quoted(file.etag));
        return file;
      }
      const wanted = request.headers["if-range"] === undefined ? request.headers.range : undefined;
      const { data, entry, range } = await files.stream(context.user.id, params.id, params.path, (size) => rangeOf(wanted, size));
      context.setHeader("etag", quoted(entry.etag));
      context.setHeader("accept-ranges", "bytes");
      // Project files never run on the app's origin: always a download, never sniffed.
      context.setHeader("content-disposition", attachment(entry.path.split("/").at(-1) ?? "file"));
      context.setHeader("content-security-policy", "sandbox; default-src 'none'");
      if (range) {
        reply.code(206);
        context.setHeader("content-range", `bytes ${range.start}-${range.end}/${entry.size}`);
      }
      context.setHeader("content-length", String(range ? range.end - range.start + 1 : entry.size));
      reply.type("application/octet-stream");
      if (request.method !== "HEAD") return reply.send(data);
      data.destroy();
      return reply.send(Readable.from([]));
    },
    search: ({ user, signal }, { params, query }) => search(user.id, params.id, query, signal),
    batch: ({ user }, { params, body }) => files.batch(user.id, params.id, body.paths),
    upload: ({ user }, { params, query }, { request }) =>
      upload(user.id, params.id, uploadedFiles(request), { directory: query.directory ?? "", overwrite: query.overwrite === true }),
    put: async (context, { params, body }) => {
      const { headers } = context;
      const ifMatch = tagOf(headers["if-match"]);
      const { file, created } = await files.write(context.user.id, params.id, params.path, body, {
        ...(ifMatch !== undefined && { ifMatch }),
        ...(headers["if-none-match"]?.trim() === "*" && { ifNoneMatch: "*" as const }),
      });
      context.status(created ? 201 : 200);
      context.setHeader("etag", quoted(file.etag));
      return file;
    },
    remove: async (context, { params, query }) => {
      const { user, headers } = context;
      const ifMatch = tagOf(headers["if-match"]);
      const { checkpoint_id } = await files.remove(user.id, params.id, params.path, {
        recursive: query.recursive === true,
        ...(ifMatch !== undefined && ifMatch !== "*" && { ifMatch }),
      });
      // 204 has no body, so the checkpoint id is sent in a header.
      if (checkpoint_id !== null) context.setHeader("checkpoint-id", checkpoint_id);
    },
  });
}
