import { Readable } from "node:stream";
import { attachmentsRoutes } from "@tesslate/contract";
import { attachment, inline } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { uploadedParts } from "../../../http/uploads.ts";
import type { Attachments } from "./attachments.service.ts";

/** Only image formats that cannot contain scripts are displayed; everything else is downloaded. */
export function mountAttachments(mount: Mount, { attachments }: { attachments: Attachments }): void {
  mount("attachments", attachmentsRoutes, {
    upload: ({ user }, { query }, { request }) => attachments.upload(user.id, query.project_id, uploadedParts(request)),
    file: async (context, { params }, { reply }) => {
      const { row, pieces } = await attachments.open(context.user.id, params.attachment_id);
      const isImage = row.kind === "image";
      context.setHeader("cache-control", "private, max-age=86400, immutable");
      context.setHeader("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
      context.setHeader("x-content-type-options", "nosniff");
      context.setHeader("content-disposition", isImage ? inline(row.name) : attachment(row.name));
      context.setHeader("content-length", String(row.size_bytes));
      return reply.type(isImage ? row.mime_type : "application/octet-stream").send(Readable.from(pieces, { objectMode: false }));
    },
    remove: ({ user }, { params }) => attachments.remove(user.id, params.attachment_id),
  });
}
