import { modelKeysRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { ModelKeys } from "./model-keys.service.ts";

export function mountModelKeys(mount: Mount, { keys }: { keys: ModelKeys }): void {
  mount("modelKeys", modelKeysRoutes, {
    list: ({ user }, { query }) => keys.list(user.id, query),
    create: ({ user }, { body }) => keys.create(user.id, body),
    update: ({ user }, { params, body }) => keys.update(user.id, params.id, body),
    remove: ({ user }, { params }) => keys.remove(user.id, params.id),
    test: ({ user }, { params }) => keys.test(user.id, params.id),
    providers: ({ user }, { query }) => keys.providers(user.id, query),
    customProviders: ({ user }, { query }) => keys.customProviders(user.id, query),
    createCustomProvider: ({ user }, { body }) => keys.createCustomProvider(user.id, body),
    updateCustomProvider: ({ user }, { params, body }) => keys.updateCustomProvider(user.id, params.id, body),
    removeCustomProvider: ({ user }, { params }) => keys.removeCustomProvider(user.id, params.id),
    testCustomProvider: ({ user }, { params, body }) => keys.testCustomProvider(user.id, params.id, body.model),
    preferences: ({ user }) => keys.preferences(user.id),
    setPreference: ({ user }, { body }) => keys.setPreference(user.id, body.model_id, body.enabled),
  });
}
