import { evidenceRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { EvidenceLog } from "./evidence.service.ts";

export function mountEvidence(mount: Mount, { evidence }: { evidence: EvidenceLog }): void {
  mount("evidence", evidenceRoutes, {
    list: ({ user }, { params, query }) => evidence.list(user.id, params.task_id.toLowerCase(), query),
    picture: async (context, { params }, { reply }) => {
      const data = await evidence.picture(context.user.id, params.task_id.toLowerCase(), params.id.toLowerCase());
      // The pixels are untrusted, so it is served as an image only.
      context.setHeader("content-security-policy", "default-src 'none'; sandbox");
      context.setHeader("x-content-type-options", "nosniff");
      context.setHeader("content-disposition", 'inline; filename="screenshot.jpg"');
      context.setHeader("cache-control", "private, max-age=86400, immutable");
      return reply.type("image/jpeg").send(data);
    },
  });
}
