import { modelsRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import type { Models } from "./models.service.ts";

/** agent-git-deploy 4.17 and 10. */
export function mountModels(mount: Mount, { models }: { models: Models }): void {
  mount("models", modelsRoutes, {
    list: ({ user }, { query }) => models.list(user.id, query),
    setup: ({ user }) => models.setup(user),
    test: (_context, { body }) => models.test(body),
    configure: async ({ log }, { body }) => {
      const state = body.kind === "demo" ? await models.switchDemo(body.enabled) : await models.connect(body);
      log.info({ kind: body.kind, provider: body.kind === "provider" ? body.provider : undefined }, "models configured");
      return state;
    },
  });
}
