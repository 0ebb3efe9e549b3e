import type { DeployRequest, SiteRef } from "./provider.ts";
import { listAt, TargetError, textAt, textsAt, type ProviderClient } from "./client.ts";

/** Told with every variable that is set here, so that one which is gone here is taken away there, and no person's own is. */
const mark = "Set by Tesslate Studio";

interface Known {
  id: string;
  key: string;
  targets: string[];
  isOurs: boolean;
  /** It counts for one branch of a repository alone. */
  isOfBranch: boolean;
}

/** Sets a project's variables for one environment; those of the other one stay as they are (agent-git-deploy 7.8). */
export async function putEnv(
  client: ProviderClient,
  site: SiteRef,
  request: Pick<DeployRequest, "env" | "environment" | "log" | "signal">,
): Promise<void> {
  const { env, environment, signal } = request;
  const path = `/v10/projects/${encodeURIComponent(site.id)}/env`;
  const known = listAt((await client.call(path, { signal })).body, "envs").flatMap(knownOf);
  for (const variable of known) {
    if (variable.isOfBranch || !variable.targets.includes(environment)) continue;
    const isWanted = Object.hasOwn(env, variable.key);
    if (!isWanted && !variable.isOurs) continue;
    const one = `/v9/projects/${encodeURIComponent(site.id)}/env/${encodeURIComponent(variable.id)}`;
    // One record may stand for several environments: written over, it would change the others too.
    const others = variable.targets.filter((target) => target !== environment);
    if (others.length > 0) await client.call(one, { method: "PATCH", json: { target: others }, signal });
    else if (!isWanted) await client.call(one, { method: "DELETE", signal });
    else continue;
    if (!isWanted) request.log(`The environment variable ${variable.key} was taken from Vercel: it is not part of this project any more.`);
  }
  const values = Object.entries(env).map(([key, value]) => ({ key, value, type: "encrypted", target: [environment], comment: mark }));
  if (values.length === 0) return;
  const { body } = await client.call(path, { method: "POST", query: { upsert: "true" }, json: values, signal });
  const [failed] = listAt(body, "failed");
  if (failed !== undefined)
    throw new TargetError(
      "refused",
      `Vercel did not take the environment variable ${textAt(failed, "error", "key") ?? textAt(failed, "error", "envVarKey") ?? ""}: ${textAt(failed, "error", "message") ?? "no reason given"}`,
    );
}

function knownOf(item: unknown): Known[] {
  const [id, key, target] = [textAt(item, "id"), textAt(item, "key"), textAt(item, "target")];
  if (id === undefined || key === undefined) return [];
  return [
    {
      id,
      key,
      targets: target === undefined ? textsAt(item, "target") : [target],
      isOurs: textAt(item, "comment") === mark,
      isOfBranch: textAt(item, "gitBranch") !== undefined,
    },
  ];
}
