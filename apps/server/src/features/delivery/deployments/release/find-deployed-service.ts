import { sandboxPort, type RuntimeDriver } from "@tesslate/runtime";
import type { CryptoBox } from "../../../../platform/crypto.ts";
import type { FindDeployedService } from "../../../runtime/databases/index.ts";
import { createDeployedVariables, deployedServiceName, servicesSandboxId } from "./deployed-services.ts";

/** Finds the services that run for a project's deployments, where they are and with what variables. Starts nothing. */
export function createFindDeployedService({
  runtime,
  box,
}: {
  runtime: Pick<RuntimeDriver, "find">;
  box: Pick<CryptoBox, "deriveKey">;
}): FindDeployedService {
  const variablesOf = createDeployedVariables({ box });
  return async (projectId, service, environment) => {
    const sandbox = await runtime.find(servicesSandboxId(projectId, environment));
    const state = (await sandbox?.services())?.find(({ name }) => name === deployedServiceName(service));
    if (!sandbox || !state) return undefined;
    const env = variablesOf(service, environment);
    if (state.status === "running" && state.port !== undefined) return { env, at: sandboxPort(sandbox, state.port) };
    if (state.status === "failed") return { env, status: "failed", message: "It failed. The server restarts it." };
    return state.status === "stopped"
      ? { env, status: "stopped", message: "It runs while a version of the app is deployed." }
      : { env, status: "starting", message: "It is starting." };
  };
}
