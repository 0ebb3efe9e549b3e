import { deployProviders, DeployProvider, remoteProviders, type BuildMode } from "@tesslate/contract";
import { Value } from "typebox/value";
import { badRequest, invalid, notFound } from "../../../platform/errors.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import { capabilitiesOf } from "./providers/capabilities.ts";
import type { ProviderAccess } from "./providers/provider.ts";

export type DeploymentChoices = ReturnType<typeof createDeploymentChoices>;
/** What a request chooses: provider, container, mode and folder. */
export function createDeploymentChoices({
  store,
  providers: { hasCredential },
}: {
  store: Pick<DeploymentsStore, "baseContainers" | "containersOf">;
  providers: Pick<ProviderAccess, "hasCredential">;
}) {
  const providerOf = (name: string): DeployProvider => {
    const lower = name.trim().toLowerCase();
    if (Value.Check(DeployProvider, lower)) return lower;
    throw badRequest("Unknown provider. Use vercel, netlify, cloudflare or local.", "unknown_provider", {
      available: deployProviders,
    });
  };
  const containerOf = async (project: ProjectRow, id: string | null | undefined): Promise<ContainerRow> => {
    if (id === null || id === undefined) {
      const [first] = await store.baseContainers(project.id);
      if (!first) throw badRequest("This project has no app to deploy.", "no_containers");
      return first;
    }
    const row = (await store.containersOf(project.id)).find((container) => container.id === id);
    if (!row) throw notFound("Container");
    if (row.container_type !== "base") throw badRequest(`${row.name} is a service. Deploy the app that uses it.`, "not_supported");
    return row;
  };
  const modeOf = (provider: DeployProvider, asked: BuildMode | null | undefined): BuildMode => {
    const { buildModes, title } = capabilitiesOf(provider);
    const mode = asked ?? buildModes[0];
    if (!buildModes.includes(mode))
      throw badRequest(`${title} does not support the mode ${mode}. Use ${buildModes.join(" or ")}.`, "not_supported");
    return mode;
  };
  const isConnected = async (userId: string, projectId: string, provider: DeployProvider): Promise<boolean> =>
    provider === "local" || hasCredential(userId, projectId, provider);
  /** The default provider of a project without a target: the one connected account, otherwise this server. */
  const defaultProvider = async (userId: string, projectId: string): Promise<DeployProvider> => {
    const accounts = await Promise.all(
      remoteProviders.map(async (provider) => ((await hasCredential(userId, projectId, provider)) ? [provider] : [])),
    );
    const [only, ...others] = accounts.flat();
    return only !== undefined && others.length === 0 ? only : "local";
  };
  const outputDirectory = (path: string | null | undefined): string | null => {
    if (path === null || path === undefined) return null;
    const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (segments.includes("..") || path.includes("\\") || path.includes("\0"))
      throw invalid(["body", "output_directory"], "A folder inside the container's folder");
    return segments.join("/") || ".";
  };
  return { providerOf, containerOf, modeOf, isConnected, defaultProvider, outputDirectory };
}
