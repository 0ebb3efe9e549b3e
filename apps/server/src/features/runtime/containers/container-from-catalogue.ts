import { randomUUID } from "node:crypto";
import type { CreateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import type { Queries } from "../../../platform/database.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { positionOf, type Position } from "./canvas-position.ts";
import { freshEnvironment, type ServiceCatalogue } from "./catalogue/index.ts";
import type { ContainerInsertion, ProjectOfNew } from "./container-insertion.ts";
import type { ContainerSecrets } from "./container-secrets.ts";
import type { ContainersStore } from "./containers.store.ts";
import { checkCredentials, parseEndpoint } from "./credentials.vault.ts";
import { freeKey } from "./names.ts";

export type InsertService = ReturnType<typeof createInsertService>;
/** Inserts a service of the catalogue that runs as a container, with new passwords. Throws 404, and `bad_request` for an external one. */
export const createInsertService =
  ({
    insertion,
    secrets,
    catalogue,
  }: {
    insertion: Pick<ContainerInsertion, "insert">;
    secrets: Pick<ContainerSecrets, "newVariables">;
    catalogue: ServiceCatalogue;
  }) =>
  async (
    tx: Queries,
    project: ProjectOfNew,
    { slug, name, ...position }: { slug: string; name: string | undefined } & Partial<Position>,
  ): Promise<ContainerRow> => {
    const definition = catalogue.get(slug);
    const { running } = definition;
    if (!running) throw badRequest(`${definition.name} does not run as a container.`);
    const id = randomUUID();
    return insertion.insert(
      tx,
      project,
      { name: name ?? definition.name, directoryOf: (_key, taken) => freeKey(`services/${slug}`, taken).key, port: running.port },
      {
        id,
        container_type: "service",
        service_slug: slug,
        deployment_mode: "container",
        status: "stopped",
        ...position,
        ...secrets.newVariables(id, freshEnvironment(running)),
      },
    );
  };

export type InsertFromCatalogue = ReturnType<typeof createInsertFromCatalogue>;
/** Inserts services of the catalogue. */
export const createInsertFromCatalogue =
  ({
    store,
    insertion,
    insertService,
    projects,
    secrets,
    catalogue,
  }: {
    store: Pick<ContainersStore, "transaction">;
    insertion: Pick<ContainerInsertion, "insert">;
    insertService: InsertService;
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
    const name = body.name?.trim() || undefined;
    const row = await store.transaction(async (tx) => {
      if (!isExternal) return insertService(tx, project, { slug, name, ...positionOf(body) });
      const made = await insertion.insert(
        tx,
        project,
        {
          name: name ?? definition.name,
          directoryOf: (_key, taken) => freeKey(`services/${slug}`, taken).key,
          port: running?.port,
        },
        {
          container_type: "service",
          service_slug: slug,
          deployment_mode: "external",
          external_endpoint: endpoint,
          status: "connected",
          ...positionOf(body),
        },
      );
      if (Object.keys(fields).length === 0) return made;
      return { ...made, credentials_id: await secrets.putCredentials(tx, made.id, fields) };
    });
    await secrets.changed(project.id);
    // Other containers can resolve its name from their next start on.
    await projects.refreshSandbox(project.id);
    return row;
  };
