import { deploymentCredentialsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { DeploymentCredentials } from "./deployment-credentials.service.ts";

export function mountDeploymentCredentials(mount: Mount, { credentials }: { credentials: DeploymentCredentials }): void {
  mount("deploymentCredentials", deploymentCredentialsRoutes, {
    list: ({ user }, { query }) => credentials.list(user.id, query),
    save: async ({ user, status }, { body }) => {
      const { credential, isNew } = await credentials.save(user.id, body);
      status(isNew ? 201 : 200);
      return credential;
    },
    update: ({ user }, { params, body }) => credentials.update(user.id, params.id, body.metadata),
    remove: ({ user }, { params }) => credentials.remove(user.id, params.id),
    test: ({ user }, { params }) => credentials.test(user.id, params.id),
  });
}
