import type { DeployProvider, Deployment, DeploymentRequest } from "@tesslate/contract";
import { shownSteps, shownStep, type ShownStep } from "../../project/deployment-steps.ts";
import type { Tone } from "../../ui/Pill.tsx";
import type { BeadKind, BeadTone, LineKind } from "../../ui/thread/index.ts";

export const providers: readonly DeployProvider[] = ["local", "vercel", "netlify", "cloudflare"];
export const providerName: Record<DeployProvider, string> = {
  local: "This server",
  vercel: "Vercel",
  netlify: "Netlify",
  cloudflare: "Cloudflare",
};
/** The same within a sentence: "v3 to this server". */
export const placeName = (provider: DeployProvider): string => (provider === "local" ? "this server" : providerName[provider]);

type Status = Pick<Deployment, "status">;
export const isUnderWay = ({ status }: Status): boolean => status !== "success" && status !== "failed";
export const nameOf = ({ version }: Pick<Deployment, "version">): string => `v${version}`;

export const stepName: Record<ShownStep, string> = {
  prepare: "Prepare",
  build: "Build",
  gate: "Launch gate",
  upload: "Upload",
  live: "Go live",
};
export type StepState = "done" | "now" | "failed" | "next";
/** How each shown step stands, from how the deployment stands and the step that was begun last. */
export function stepsOf(
  deployment: Pick<Deployment, "status" | "metadata">,
  begun: ShownStep | undefined,
): { step: ShownStep; state: StepState }[] {
  const at =
    deployment.status === "failed"
      ? (shownStep(deployment.metadata.failure?.step) ?? begun ?? "prepare")
      : (begun ?? (deployment.status === "deploying" ? "upload" : deployment.status === "building" ? "build" : "prepare"));
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

/** It is there at an address of its own, beside what visitors see. */
export const isPreview = ({ status, environment }: Pick<Deployment, "status" | "environment">): boolean =>
  status === "success" && environment === "preview";

/** In one or two words, as pills and the button say it. */
export function stateOf(
  deployment: Pick<Deployment, "status" | "is_live" | "environment">,
  begun?: ShownStep,
): { word: string; tone: Tone } {
  switch (deployment.status) {
    case "success":
      if (isPreview(deployment)) return { word: "Preview", tone: "neutral" };
      return deployment.is_live ? { word: "Live", tone: "ok" } : { word: "Superseded", tone: "neutral" };
    case "failed":
      return { word: "Failed", tone: "err" };
    default:
      return {
        word: begun
          ? stepName[begun]
          : deployment.status === "pending"
            ? "Waiting"
            : deployment.status === "building"
              ? "Building"
              : "Going up",
        tone: "live",
      };
  }
}

export function beadOf(deployment: Pick<Deployment, "status" | "is_live">): { bead: BeadKind; tone?: BeadTone; line: LineKind } {
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
/** What was deployed last stands first; within, time runs down. */
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

/** Only an address that a browser may safely open: providers' answers are not ours. */
export function safeUrl(url: string | null | undefined): string | undefined {
  if (!url) return undefined;
  try {
    const { protocol } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? url : undefined;
  } catch {
    return undefined;
  }
}
/** "order.alder.example", without what everybody knows. */
export const shortUrl = (url: string): string => url.replace(/^https?:\/\//, "").replace(/\/$/, "");

/** Milliseconds from the request to the end, or to now. */
export const durationOf = ({ created_at, completed_at }: Pick<Deployment, "created_at" | "completed_at">, nowMs: number): number =>
  Math.max(0, (completed_at === null ? nowMs : Date.parse(completed_at)) - Date.parse(created_at));

/** `src/App.tsx:12`, as the editor opens it; undefined where the failure names no file. */
export function placeOf(found: { path: string | null; line: number | null } | null | undefined): string | undefined {
  if (!found?.path) return undefined;
  return found.line === null ? found.path : `${found.path}:${found.line}`;
}

const quotedLines = 25;
/** What the agent is asked when a deployment failed. The lines are project output: they are quoted, and a person reads them before sending. */
export function fixMessage(deployment: Deployment, lines: readonly string[]): string {
  const { failure } = deployment.metadata;
  const blocked = deployment.report?.is_blocked ? deployment.report.findings.filter(({ severity }) => severity !== "info") : [];
  const place = placeOf(failure);
  return [
    `The deployment ${nameOf(deployment)} of ${deployment.metadata.container_name} to ${placeName(deployment.provider)} failed${failure ? ` in the step "${failure.step}"` : ""}.`,
    deployment.error ? `It says: ${deployment.error}` : "",
    place ? `It names ${place}.` : "",
    blocked.length > 0
      ? `The launch gate found:\n${blocked
          .slice(0, quotedLines)
          .map((finding) => `- ${finding.rule}: ${finding.message}${placeOf(finding) ? ` (${placeOf(finding)})` : ""}`)
          .join("\n")}`
      : "",
    lines.length > 0 ? `The last lines:\n\`\`\`\n${lines.slice(-quotedLines).join("\n").replaceAll("```", "'''")}\n\`\`\`` : "",
    "Find the cause and fix it, then say what I should deploy again.",
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** The same deployment once more, as far as it can be told: values that were typed in are kept nowhere. */
export const againOf = (deployment: Deployment): DeploymentRequest => ({
  project_id: deployment.project_id,
  provider: deployment.provider,
  ...(deployment.environment === "preview" && { environment: deployment.environment }),
  ...(deployment.container_id && { container_id: deployment.container_id }),
  deployment_mode: deployment.metadata.mode,
  ...(deployment.metadata.framework !== "unknown" && { framework: deployment.metadata.framework }),
  ...(deployment.metadata.custom_domain && { custom_domain: deployment.metadata.custom_domain }),
});

/** A run ended well and changed files, and nothing was deployed since: deploying is what comes next. False while the deployments are not read. */
export const isUnshipped = (
  run: { status: string; endedAt: string | undefined; changes: { files: number } | undefined } | undefined,
  newestFirst: readonly Pick<Deployment, "created_at">[] | undefined,
): boolean => {
  if (!newestFirst || run?.status !== "done" || !run.endedAt || !run.changes?.files) return false;
  const last = newestFirst[0];
  return last === undefined || Date.parse(last.created_at) < Date.parse(run.endedAt);
};
