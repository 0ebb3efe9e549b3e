import { Readable } from "node:stream";
import { accountRoutes } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import type { Deletion } from "./deletion.ts";
import type { AccountExports } from "./export.ts";

export function mountAccount(mount: Mount, { deletion, exports }: { deletion: Deletion; exports: AccountExports }): void {
  mount("account", accountRoutes, {
    export: ({ user }) => exports.start(user.id),
    exported: ({ user }) => exports.last(user.id),
    exportFile: async ({ user, setHeader }, { params }, { request, reply }) => {
      const { size, data } = await exports.open(user.id, params.task_id.toLowerCase());
      setHeader("content-disposition", attachment("tesslate-export.zip"));
      setHeader("content-length", String(size));
      setHeader("cache-control", "no-store");
      reply.type("application/zip");
      if (request.method !== "HEAD") return reply.send(data);
      data.destroy();
      return reply.send(Readable.from([]));
    },
    remove: async ({ user }, { body }) => ({
      task_id: null,
      status_url: null,
      ...(await deletion.request(user.id, user.session_id, body)),
    }),
    restore: async ({ ip }, { body }) => {
      await deletion.restore(body, ip);
      return { message: "The account was restored. You can sign in." };
    },
  });
}
