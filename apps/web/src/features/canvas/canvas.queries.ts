import { queryOptions } from "@tanstack/react-query";
import type { Contract, Template } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";

type Api = Client<Contract>;
/** It changes only when a program is installed on the server. */
const catalogueMs = 5 * 60_000;

/** The service catalogue, the same for every project. */
export const servicesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["services"] as const,
    queryFn: async ({ signal }) => (await api.containers.services({ query: { limit: 200 } }, { signal })).items,
    staleTime: catalogueMs,
  });

/** Whether a template can be added as a container: others are projects of several. */
export const isOneApp = ({ containers }: Template): boolean => containers.length <= 1;

/** The bundled templates, as apps for the canvas. */
export const appTemplatesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["services", "templates"] as const,
    queryFn: async ({ signal }) => (await api.projects.templates({ query: { limit: 100 } }, { signal })).items,
    staleTime: catalogueMs,
  });
