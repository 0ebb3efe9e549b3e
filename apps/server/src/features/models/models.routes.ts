import { modelsRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import type { ModelChoices } from "./model-choices.ts";
import type { Models } from "./models.service.ts";

/** agent-git-deploy 4.17 and 10. */
export function mountModels(mount: Mount, { models, choices }: { models: Models; choices: ModelChoices }): void {
  mount("models", modelsRoutes, {
    list: ({ user }, { query }) => models.list(user.id, query),
    addCustom: ({ user }, { body }) => choices.addCustom(user.id, body),
    removeCustom: ({ user }, { params }) => choices.removeCustom(user.id, params.id),
    selectForAgent: ({ user }, { params, body }) => choices.selectForAgent(user.id, params.id, body.model),
    probe: ({ user }, { body }) => choices.probe(user.id, body.model),
    health: ({ user }, { body }) => choices.health(user.id, body.model),
    preferences: ({ user }) => choices.preferences(user.id),
    setPreferences: ({ user }, { body }) => choices.setPreferences(user.id, body),
    setup: ({ user }) => models.setup(user),
    test: (_context, { body }) => models.test(body),
    configure: async ({ log }, { body }) => {
      const state = body.kind === "demo" ? await models.switchDemo(body.enabled) : await models.connect(body);
      log.info({ kind: body.kind, provider: body.kind === "provider" ? body.provider : undefined }, "models configured");
      return state;
    },
  });
}
