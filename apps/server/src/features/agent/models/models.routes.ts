import { modelsRoutes } from "@tesslate/contract";
import { actorOf, type Audit } from "../../accounts/audit/index.ts";
import type { Mount } from "../../../http/mount.ts";
import type { ModelChoices } from "./model-choices.ts";
import type { ModelList } from "./model-list.ts";
import type { ModelSetup } from "./model-setup.ts";

export function mountModels(
  mount: Mount,
  { list, choices, setup, audit }: { list: ModelList; choices: ModelChoices; setup: ModelSetup; audit: Pick<Audit, "change"> },
): void {
  mount("models", modelsRoutes, {
    list: ({ user }, { query }) => list.list(user.id, query),
    addCustom: ({ user }, { body }) => choices.addCustom(user.id, body),
    removeCustom: ({ user }, { params }) => choices.removeCustom(user.id, params.id),
    selectForAgent: ({ user }, { params, body }) => choices.selectForAgent(user.id, params.id, body.model),
    probe: ({ user }, { body }) => choices.probe(user.id, body.model),
    health: ({ user }, { body }) => choices.health(user.id, body.model),
    preferences: ({ user }) => choices.preferences(user.id),
    setPreferences: ({ user }, { body }) => choices.setPreferences(user.id, body),
    setup: ({ user }) => setup.setup(user),
    test: (_context, { body }) => setup.test(body),
    configure: async (context, { body }) => {
      // The audit entry is written first, in a transaction that rolls back if the change fails.
      const state = await audit.change(actorOf(context), async ({ record }) => {
        await record({
          action: "server.models_configured",
          target: { type: "server", id: null, name: body.kind === "demo" ? "demo" : body.provider },
          details:
            body.kind === "demo" ? { enabled: body.enabled } : { default_model: body.default_model, has_new_key: Boolean(body.api_key) },
        });
        return body.kind === "demo" ? setup.switchDemo(body.enabled) : setup.connect(body);
      });
      context.log.info({ kind: body.kind, provider: body.kind === "provider" ? body.provider : undefined }, "models configured");
      return state;
    },
  });
}
