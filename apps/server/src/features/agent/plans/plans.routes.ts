import { plansRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { taskLinks } from "../../core/tasks/index.ts";
import type { ChatPlans } from "./plans.service.ts";

/** The version in an `If-Match` header; undefined for any. */
const versionOf = (header: string | undefined) => {
  const tag = header
    ?.trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");
  return tag === "*" ? undefined : tag;
};

export function mountPlans(mount: Mount, { plans }: { plans: ChatPlans }): void {
  mount("plans", plansRoutes, {
    get: async (context, { params }) => {
      const plan = await plans.get(context.user.id, params.chat_id);
      context.setHeader("etag", `"${plan?.version ?? 0}"`);
      return { plan };
    },
    put: async (context, { params, body }) => {
      const { plan, isNew } = await plans.put(context.user.id, params.chat_id, body, versionOf(context.headers["if-match"]));
      context.status(isNew ? 201 : 200);
      context.setHeader("etag", `"${plan.version}"`);
      return plan;
    },
    remove: ({ user }, { params }) => plans.remove(user.id, params.chat_id),
    build: async ({ user, headers }, { params, body }) =>
      taskLinks(await plans.build(user, params.chat_id, body, versionOf(headers["if-match"]))),
  });
}
