import { assetsRoutes } from "@tesslate/contract";
import { attachment, inline } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { rangeOf } from "../../../http/range.ts";
import { uploadedParts } from "../../../http/uploads.ts";
import type { Assets } from "./assets.service.ts";

/**
 * No asset may run script on the app's origin. SVG is always sent as a download (an `<img>` can still show it, without scripts);
 * the browser's viewers for audio, video and PDF need a slightly wider content security policy.
 */
const policyOf = (mimeType: string) =>
  mimeType === "application/pdf"
    ? "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    : "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";

export function mountAssets(mount: Mount, { assets }: { assets: Assets }): void {
  mount("assets", assetsRoutes, {
    list: ({ user }, { params, query }) => assets.list(user.id, params.id, query),
    upload: ({ user }, { params }, { request }) => assets.upload(user.id, params.id, uploadedParts(request)),
    directories: ({ user }, { params, query }) => assets.directories(user.id, params.id, query),
    createDirectory: async (context, { params, body }) => {
      const { made, isNew } = await assets.createDirectory(context.user.id, params.id, body.directory);
      context.status(isNew ? 201 : 200);
      return made;
    },
    update: ({ user }, { params, body }) => assets.update(user.id, params.id, params.asset_id.toLowerCase(), body),
    file: async (context, { params }, { request, reply }) => {
      const { headers } = request;
      const wanted = headers["if-range"] === undefined ? headers.range : undefined;
      const { data, entry, range, filename, mimeType } = await assets.file(
        context.user.id,
        params.id,
        params.asset_id.toLowerCase(),
        (size) => rangeOf(wanted, size),
      );
      const etag = `"${entry.etag}"`;
      context.setHeader("etag", etag);
      context.setHeader("cache-control", "private, no-cache");
      context.setHeader("accept-ranges", "bytes");
      context.setHeader("content-security-policy", policyOf(mimeType));
      context.setHeader("content-disposition", mimeType === "image/svg+xml" ? attachment(filename) : inline(filename));
      if (headers["if-none-match"] === etag) {
        data.destroy();
        return reply.code(304).send();
      }
      if (range) {
        reply.code(206);
        context.setHeader("content-range", `bytes ${range.start}-${range.end}/${entry.size}`);
      }
      context.setHeader("content-length", String(range ? range.end - range.start + 1 : entry.size));
      return reply.type(mimeType).send(data);
    },
    remove: async ({ user, setHeader }, { params }) => {
      const { checkpoint_id } = await assets.remove(user.id, params.id, params.asset_id.toLowerCase());
      if (checkpoint_id !== null) setHeader("checkpoint-id", checkpoint_id);
    },
  });
}
