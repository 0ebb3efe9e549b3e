import { remoteProviders, type DeployProvider, type Deployment, type DeploymentRequest } from "@tesslate/contract";
import { shownSteps, shownStepOf, type ShownStep } from "../../project/deployment-steps.ts";
import type { Tone } from "../../ui/Pill.tsx";
import type { BeadKind, BeadTone, LineKind } from "../../ui/thread/index.ts";

export const providers: readonly DeployProvider[] = ["local", ...remoteProviders];
export const deployProviderNames: Record<DeployProvider, string> = {
  local: "This server",
  vercel: "Vercel",
  netlify: "Netlify",
  cloudflare: "Cloudflare",
};
/** The same within a sentence: "v3 to this server". */
export const providerTitle = (provider: DeployProvider): string => (provider === "local" ? "this server" : deployProviderNames[provider]);

type Status = Pick<Deployment, "status">;
export const isUnderWay = ({ status }: Status): boolean => status !== "success" && status !== "failed";
export const versionName = ({ version }: Pick<Deployment, "version">): string => `v${version}`;
/** The button that makes an existing version live, and its text while it does. Only an earlier version is rolled back to. */
export const makeLiveWords = (deployment: Deployment, live: Deployment | undefined): { action: string; progress: string } =>
  live && deployment.version > live.version
    ? { action: `Make ${versionName(deployment)} live`, progress: `Making ${versionName(deployment)} live…` }
    : { action: `Roll back to ${versionName(deployment)}`, progress: "Rolling back…" };

export const stepName: Record<ShownStep, string> = {
  prepare: "Prepare",
  build: "Build",
  gate: "Launch gate",
  upload: "Upload",
  live: "Go live",
};
const stepProgress: Record<ShownStep, string> = {
  prepare: "Preparing",
  build: "Building",
  gate: "Checking",
  upload: "Uploading",
  live: "Going live",
};
export type StepState = "done" | "now" | "failed" | "next";
/** The state of each shown step, from the status of the deployment and the step that started last. */
export function stepsOf(
  deployment: Pick<Deployment, "status" | "metadata">,
  currentStep: ShownStep | undefined,
): { step: ShownStep; state: StepState }[] {
  const { failure } = deployment.metadata;
  const at =
    deployment.status === "failed"
      ? ((failure && shownStepOf[failure.step]) ?? currentStep ?? "prepare")
      : (currentStep ?? (deployment.status === "deploying" ? "upload" : deployment.status === "building" ? "build" : "prepare"));
  const index = shownSteps.indexOf(at);
  return shownSteps.map((step, place) => ({
    step,
    state:
      deployment.status === "success" || place < index
        ? "done"
        : place > index
          ? "next"
          : deployment.status === "failed"
            ? "failed"
            : "now",
  }));
}

/** Deployed with its own URL, next to the live version. */
export const isPreview = ({ status, environment }: Pick<Deployment, "status" | "environment">): boolean =>
  status === "success" && environment === "preview";

/** Deployed to production once, and no longer live. */
export const isSuperseded = (deployment: Pick<Deployment, "status" | "is_live" | "environment">): boolean =>
  deployment.status === "success" && !deployment.is_live && !isPreview(deployment);

/** In one or two words, for pills and the button. */
export function stateOf(
  deployment: Pick<Deployment, "status" | "is_live" | "environment">,
  currentStep?: ShownStep,
): { word: string; tone: Tone } {
  switch (deployment.status) {
    case "success":
      if (isPreview(deployment)) return { word: "Preview", tone: "neutral" };
      return isSuperseded(deployment) ? { word: "Superseded", tone: "neutral" } : { word: "Live", tone: "ok" };
    case "failed":
      return { word: "Failed", tone: "err" };
    default:
      return {
        word: currentStep
          ? stepProgress[currentStep]
          : deployment.status === "pending"
            ? "Queued"
            : deployment.status === "building"
              ? "Building"
              : "Deploying",
        tone: "live",
      };
  }
}

export function timelineMarker(deployment: Pick<Deployment, "status" | "is_live">): { bead: BeadKind; tone?: BeadTone; line: LineKind } {
  if (deployment.status === "failed") return { bead: "failed", line: "done" };
  if (isUnderWay(deployment)) return { bead: "deploy", tone: "live", line: "live" };
  return deployment.is_live ? { bead: "deploy", line: "done" } : { bead: "deploy", tone: "old", line: "done" };
}

/** The versions of one container at one provider, the oldest first. */
export interface Series {
  key: string;
  containerName: string;
  containerId: string | null;
  provider: DeployProvider;
  deployments: Deployment[];
}
/** The series with the newest deployment first; each series oldest first. */
export function seriesOf(newestFirst: readonly Deployment[]): Series[] {
  const byKey = new Map<string, Series>();
  for (const deployment of newestFirst) {
    const { container_id: containerId, provider, metadata } = deployment;
    const key = `${containerId ?? metadata.container_name}:${provider}`;
    const series = byKey.get(key);
    if (series) series.deployments.unshift(deployment);
    else byKey.set(key, { key, containerName: metadata.container_name, containerId, provider, deployments: [deployment] });
  }
  return [...byKey.values()];
}

/** Only http and https URLs: providers' responses are not trusted. */
export function safeUrl(url: string | null | undefined): string | undefined {
  if (!url) return undefined;
  try {
    const { protocol } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? url : undefined;
  } catch {
    return undefined;
  }
}
/** "order.alder.example", without the protocol. */
export const shortUrl = (url: string): string => url.replace(/^https?:\/\//, "").replace(/\/$/, "");

/** Milliseconds from the request to the end, or to now. */
export const durationOf = ({ created_at, completed_at }: Pick<Deployment, "created_at" | "completed_at">, nowMs: number): number =>
  Math.max(0, (completed_at === null ? nowMs : Date.parse(completed_at)) - Date.parse(created_at));

/** `src/App.tsx:12`, as the editor opens it; undefined where the failure names no file. */
export function issueLocation(found: { path: string | null; line: number | null } | null | undefined): string | undefined {
  if (!found?.path) return undefined;
  return found.line === null ? found.path : `${found.path}:${found.line}`;
}

const quotedLines = 25;
/** The message to the agent about a failed deployment. Log lines are project output: quoted, and read by a person before sending. */
export function fixDeploymentMessage(deployment: Deployment, lines: readonly string[]): string {
  const { failure } = deployment.metadata;
  const blocked = deployment.report?.is_blocked ? deployment.report.findings.filter(({ severity }) => severity !== "info") : [];
  const place = issueLocation(failure);
  const deploymentName = `Deployment ${versionName(deployment)} of ${deployment.metadata.container_name} to ${providerTitle(deployment.provider)}`;
  return [
    failure ? `${deploymentName} failed in the step "${failure.step}".` : `${deploymentName} failed.`,
    deployment.error ? `Error: ${deployment.error}` : "",
    place ? `Location: ${place}` : "",
    blocked.length > 0
      ? `The launch gate found:\n${blocked
          .slice(0, quotedLines)
          .map((finding) => `- ${finding.rule}: ${finding.message}${issueLocation(finding) ? ` (${issueLocation(finding)})` : ""}`)
          .join("\n")}`
      : "",
    lines.length > 0 ? `Last log lines:\n\`\`\`\n${lines.slice(-quotedLines).join("\n").replaceAll("```", "'''")}\n\`\`\`` : "",
    "Find the cause and fix it, then tell me what to deploy again.",
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** The request for the same deployment again, as far as it is known: entered values are not stored. */
export const againOf = (deployment: Deployment): DeploymentRequest => ({
  project_id: deployment.project_id,
  provider: deployment.provider,
  ...(deployment.environment === "preview" && { environment: deployment.environment }),
  ...(deployment.container_id && { container_id: deployment.container_id }),
  deployment_mode: deployment.metadata.mode,
  ...(deployment.metadata.framework !== "unknown" && { framework: deployment.metadata.framework }),
  ...(deployment.metadata.custom_domain && { custom_domain: deployment.metadata.custom_domain }),
});

/** The last run changed files and nothing was deployed since. False while the deployments are loading. */
export const isUnshipped = (
  run: { status: string; endedAt: string | undefined; changes: { files: number } | undefined } | undefined,
  newestFirst: readonly Pick<Deployment, "created_at">[] | undefined,
): boolean => {
  if (!newestFirst || run?.status !== "done" || !run.endedAt || !run.changes?.files) return false;
  const last = newestFirst[0];
  return last === undefined || Date.parse(last.created_at) < Date.parse(run.endedAt);
};
