import { randomUUID } from "node:crypto";
import type { CreateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { badRequest } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { positionOf } from "./canvas-position.ts";
import { freshEnvironment, type ServiceCatalogue } from "./catalogue/index.ts";
import type { ContainerInsertion } from "./container-insertion.ts";
import type { ContainerSecrets } from "./container-secrets.ts";
import type { ContainersStore } from "./containers.store.ts";
import { checkCredentials, parseEndpoint } from "./credentials.vault.ts";
import { freeKey } from "./names.ts";

export type InsertFromCatalogue = ReturnType<typeof createInsertFromCatalogue>;
/** Inserts services of the catalogue. */
export const createInsertFromCatalogue =
  ({
    store,
    insertion,
    projects,
    secrets,
    catalogue,
  }: {
    store: Pick<ContainersStore, "transaction">;
    insertion: Pick<ContainerInsertion, "insert">;
    projects: Pick<Projects, "refreshSandbox">;
    secrets: ContainerSecrets;
    catalogue: ServiceCatalogue;
  }) =>
  async (project: ProjectRow, body: Static<typeof CreateContainer>): Promise<ContainerRow> => {
    if (!body.service_slug) throw badRequest("service_slug is required for a service.");
    const definition = catalogue.get(body.service_slug);
    const { running, external, slug } = definition;
    const isExternal = body.deployment_mode === "external" || !running;
    if (isExternal && !external) throw badRequest(`${definition.name} only runs as a container and cannot be external.`);
    if (!isExternal && (body.credentials || body.external_endpoint))
      throw badRequest("Only external services have credentials and an endpoint.");
    const endpoint = parseEndpoint(body.external_endpoint);
    const fields = isExternal ? checkCredentials(definition, body.credentials ?? {}, endpoint) : {};
    const id = randomUUID();
    const row = await store.transaction(async (tx) => {
      const made = await insertion.insert(
        tx,
        project,
        {
          name: body.name?.trim() || definition.name,
          directoryOf: (_key, taken) => freeKey(`services/${slug}`, taken).key,
          port: running?.port,
        },
        {
          id,
          container_type: "service",
          service_slug: slug,
          deployment_mode: isExternal ? "external" : "container",
          external_endpoint: endpoint,
          status: isExternal ? "connected" : "stopped",
          ...positionOf(body),
          ...(running && !isExternal && secrets.newVariables(id, freshEnvironment(running))),
        },
      );
      if (Object.keys(fields).length === 0) return made;
      return { ...made, credentials_id: await secrets.putCredentials(tx, id, fields) };
    });
    await secrets.changed(project.id);
    // Other containers can resolve its name from their next start on.
    await projects.refreshSandbox(project.id);
    return row;
  };
