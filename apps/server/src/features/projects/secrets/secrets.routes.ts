import { secretsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Secrets } from "./secrets.service.ts";

export function mountSecrets(mount: Mount, { secrets }: { secrets: Secrets }): void {
  mount("secrets", secretsRoutes, {
    list: ({ user }, { params, query }) => secrets.list(user.id, params.project_id, query),
    set: async (context, { params, body }) => {
      const { secret, isNew } = await secrets.set(context.user.id, params.project_id, body);
      context.status(isNew ? 201 : 200);
      return secret;
    },
    remove: ({ user }, { params }) => secrets.remove(user.id, params.project_id, params.key),
    import: ({ user }, { params, body }) => secrets.import(user.id, params.project_id, body.text),
  });
}
