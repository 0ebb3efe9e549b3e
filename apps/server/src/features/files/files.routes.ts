import { filesRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import type { Files } from "./files.service.ts";

const quoted = (etag: string) => `"${etag}"`;
/** The opaque part of an entity tag header; `undefined` when the header is absent. */
const tagOf = (header: string | undefined) =>
  header
    ?.trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");

/** accounts-projects 4.3. */
export function mountFiles(mount: Mount, { files }: { files: Files }): void {
  mount("files", filesRoutes, {
    list: ({ user }, { params, query }) => files.list(user.id, params.id, query),
    tree: ({ user }, { params }) => files.tree(user.id, params.id),
    rename: ({ user }, { params, body }) => files.rename(user.id, params.id, body),
    mkdir: async (context, { params, body }) => {
      const { file, created } = await files.mkdir(context.user.id, params.id, body.path);
      context.status(created ? 201 : 200);
      return file;
    },
    get: async (context, { params, query }, { reply }) => {
      const isRaw = query.raw === true;
      const { file, data } = await files.read(context.user.id, params.id, params.path, { raw: isRaw });
      context.setHeader("etag", quoted(file.etag));
      if (!isRaw) return file;
      // Project files never run on the app's origin: always a download, never sniffed.
      context.setHeader("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(file.path.split("/").at(-1) ?? "file")}`);
      context.setHeader("content-security-policy", "sandbox; default-src 'none'");
      return reply.type("application/octet-stream").send(Buffer.from(data));
    },
    put: async (context, { params, body }) => {
      const { headers } = context;
      const ifMatch = tagOf(headers["if-match"]);
      const { file, created } = await files.write(context.user.id, params.id, params.path, body, {
        ...(ifMatch !== undefined && ifMatch !== "*" && { ifMatch }),
        ...(headers["if-none-match"]?.trim() === "*" && { ifNoneMatch: "*" as const }),
      });
      context.status(created ? 201 : 200);
      context.setHeader("etag", quoted(file.etag));
      return file;
    },
    remove: ({ user, headers }, { params, query }) => {
      const ifMatch = tagOf(headers["if-match"]);
      return files.remove(user.id, params.id, params.path, {
        recursive: query.recursive === true,
        ...(ifMatch !== undefined && ifMatch !== "*" && { ifMatch }),
      });
    },
  });
}
