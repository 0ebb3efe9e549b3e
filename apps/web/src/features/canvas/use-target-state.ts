import type { Deployment, DeploymentTarget } from "@tesslate/contract";
import type { Tone } from "../../ui/Pill.tsx";
import type { ThreadPoint } from "../../ui/thread/index.ts";
import {
  useDeploys,
  timelineMarker,
  isPreview,
  isUnderWay,
  versionName,
  deployProviderNames,
  safeUrl,
  shortUrl,
  stateOf,
} from "../deployments/index.ts";
import { useCanvas } from "./canvas-context.ts";

const shownPoints = 4;

/** The status of a target, from the deployments of its containers. */
export function useTargetState(target: DeploymentTarget): {
  /** Newest first. */
  deployments: readonly Deployment[];
  word: string;
  tone: Tone;
  isBusy: boolean;
  line: string;
  points: ThreadPoint[];
} {
  const { list, currentStep } = useDeploys();
  const { nameOf: containerName } = useCanvas();
  const deployments = (list ?? []).filter(
    ({ provider, environment, container_id: id }) =>
      provider === target.provider && environment === target.environment && id !== null && target.container_ids.includes(id),
  );
  const newest = deployments[0];
  const live = deployments.filter(({ is_live }) => is_live);
  const going = deployments.find(isUnderWay);
  const preview = newest && isPreview(newest) ? newest : undefined;
  const url = safeUrl((live[0] ?? preview)?.deployment_url);
  const points = deployments
    .slice(0, shownPoints)
    .toReversed()
    .map((deployment): ThreadPoint => {
      const { bead, tone, line } = timelineMarker(deployment);
      return {
        id: deployment.id,
        kind: bead,
        ...(tone && { tone }),
        line,
        gap: "short",
        label: `${versionName(deployment)}: ${stateOf(deployment).word}`,
      };
    });
  const line = !target.is_connected
    ? `${deployProviderNames[target.provider]}, not connected`
    : target.container_ids.length === 0
      ? `${deployProviderNames[target.provider]}, no containers attached`
      : url && live.length <= 1
        ? shortUrl(url)
        : `${deployProviderNames[target.provider]}, ${target.container_ids.map(containerName).join(", ")}`;
  const base = { deployments, line, points, isBusy: false };
  if (going) return { ...base, word: `${versionName(going)}: ${stateOf(going, currentStep(going.id)).word}`, tone: "live", isBusy: true };
  if (newest?.status === "failed") return { ...base, word: `${versionName(newest)} failed`, tone: "err" };
  if (live.length > 1) return { ...base, word: `${live.length} live`, tone: "ok" };
  if (live[0]) return { ...base, word: `${versionName(live[0])} live`, tone: "ok" };
  if (preview) return { ...base, word: `${versionName(preview)} preview`, tone: "neutral" };
  return { ...base, word: target.environment === "preview" ? "Preview" : "Production", tone: "neutral" };
}
