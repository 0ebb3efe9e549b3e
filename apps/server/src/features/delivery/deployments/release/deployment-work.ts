import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { BuildArtifact } from "./build-step.ts";
import type { CheckBuild } from "./check-step.ts";
import type { PublishLocally } from "./local-publishing.ts";
import type { PipelineState } from "./pipeline-state.ts";
import type { ProviderPublishing } from "./provider-publishing.ts";

export type DeploymentWork = ReturnType<typeof createDeploymentWork>;
/** The steps of a deployment: build, check, publish. Continues where an earlier run stopped. */
export const createDeploymentWork =
  ({
    buildSandboxes,
    buildArtifact,
    checkBuild,
    publishAtProvider,
    publishLocally,
  }: {
    buildSandboxes: Pick<BuildSandboxes, "remove">;
    buildArtifact: BuildArtifact;
    checkBuild: CheckBuild;
    publishAtProvider: ProviderPublishing["publishAtProvider"];
    publishLocally: PublishLocally;
  }) =>
  async (current: PipelineState): Promise<DeploymentRow | undefined> => {
    const isSent = current.row.remote_id !== null;
    if (!isSent && !current.row.has_artifact) {
      await checkBuild(current, await buildArtifact(current));
    } else
      current.log.line(
        isSent ? "The server restarted. Still waiting for the provider." : "The server restarted. Continuing with the finished build.",
      );
    if (current.row.provider !== "local") await buildSandboxes.remove(current.row.id);
    const done = await (current.row.provider === "local" ? publishLocally(current) : publishAtProvider(current));
    if (current.row.provider === "local" && !current.row.program) await buildSandboxes.remove(current.row.id);
    return done;
  };
