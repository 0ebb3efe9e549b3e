import { cassettesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Cassettes } from "./cassettes.service.ts";

export function mountCassettes(mount: Mount, { cassettes }: { cassettes: Cassettes }): void {
  mount("cassettes", cassettesRoutes, {
    get: async (context, { params }, { reply }) => {
      const lines = await cassettes.get(context.user.id, params.task_id.toLowerCase());
      context.setHeader("content-disposition", `attachment; filename="run-${params.task_id.toLowerCase()}.jsonl"`);
      context.setHeader("x-content-type-options", "nosniff");
      context.setHeader("cache-control", "private, no-store");
      return reply.type("application/x-ndjson").send(lines);
    },
  });
}
