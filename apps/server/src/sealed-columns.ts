import { environmentPlace } from "./features/containers/index.ts";
import { containers } from "./features/containers/containers.table.ts";
import { secretPlace } from "./features/secrets/index.ts";
import { projectSecrets } from "./features/secrets/secrets.table.ts";
import { sealedBytes, type SealedColumn } from "./platform/sealed.ts";
import { sealedSettings } from "./platform/server-settings.ts";

/** The one list of everything that is sealed at rest. A test compares it with the tables: a sealed column that is missing here fails. */
export const sealedColumns: readonly SealedColumn[] = [
  sealedBytes(projectSecrets, {
    id: projectSecrets.id,
    column: projectSecrets.sealed_value,
    needs: [projectSecrets.project_id, projectSecrets.key],
    place: ({ project_id = "", key = "" }) => secretPlace({ project_id, key }),
  }),
  sealedBytes(containers, {
    id: containers.id,
    column: containers.environment_vars,
    needs: [containers.id],
    place: ({ id = "" }) => environmentPlace(id),
  }),
  sealedSettings,
];
