import type { SandboxPort } from "@tesslate/runtime";
import { StepError } from "../build/build-errors.ts";
import type { LaunchReport, LaunchCheck } from "@tesslate/contract";
import type { LaunchArtifact, LaunchSettingsService, LaunchGate } from "../../launch/index.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import { secretNamesOf, type StoredRequest } from "../deployment-request.ts";
import type { ArtifactStore, StoredArtifact } from "../build/artifacts.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import { conflict } from "../../../../platform/errors.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";

/** A version to check before it goes live. */
export interface LaunchCandidate {
  row: DeploymentRow;
  project: ProjectRow;
  request: StoredRequest;
  /** The port of a version that has a server. */
  server: SandboxPort | undefined;
  warnings: readonly string[];
  /** Checks that must not block this time. */
  ignoredChecks: readonly LaunchCheck[];
  log(line: string): void;
  signal: AbortSignal;
}

export type CheckLaunch = ReturnType<typeof createCheckLaunch>;
/** Runs the launch gate on a stored version: a new build or a preview deployment to promote. */
export function createCheckLaunch({
  store,
  buildSandboxes,
  artifacts,
  gate,
  launchSettings,
}: {
  store: Pick<DeploymentsStore, "baseContainers">;
  buildSandboxes: Pick<BuildSandboxes, "find">;
  artifacts: Pick<ArtifactStore, "findLocal">;
  gate: LaunchGate;
  launchSettings: Pick<LaunchSettingsService, "of">;
}) {
  return async ({ row, project, request, server, warnings, ignoredChecks, log, signal }: LaunchCandidate): Promise<LaunchReport> => {
    const buildSandbox = await buildSandboxes.find(row.id);
    const containers = await store.baseContainers(project.id);
    const directory = containers.find(({ id }) => id === row.container_id)?.directory ?? ".";
    const hidden = secretNamesOf(request.env);
    await using sent = await artifacts.findLocal(row, "sent", signal);
    await using built = row.mode === "source" ? await artifacts.findLocal(row, "checked", signal) : undefined;
    if (!sent) throw conflict("not_deployable", "The files of this version were pruned.");
    return await gate.inspect({
      ...(row.mode === "source"
        ? {
            artifact: launchArtifactOf(built ?? sent),
            // Sources that could not be built here are not a site.
            kind: built?.files.some(({ path }) => path === "index.html") ? "static" : "server",
            sources: launchArtifactOf(sent),
          }
        : { artifact: launchArtifactOf(sent), kind: row.program ? "server" : "static" }),
      ...(server && { server }),
      spaFallback: row.spa_fallback,
      buildWarnings: warnings,
      ...(buildSandbox && { source: { sandbox: buildSandbox, directory } }),
      secrets: Object.entries(request.env).flatMap(([name, value]) => (hidden.has(name) ? [{ name, value }] : [])),
      settings: launchSettings.of(project),
      ignoredChecks,
      log,
      signal,
    });
  };
}

function launchArtifactOf({ files, totalBytes }: StoredArtifact): LaunchArtifact {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const find = (path: string) => {
    const file = byPath.get(path);
    if (!file) throw new Error(`${path} is not a file of this version`);
    return file;
  };
  return {
    files: byPath,
    totalBytes,
    hash: async (path) => find(path).sha256,
    open: async (path, range) => find(path).read(range),
  };
}

/** The error for a blocked report; undefined when nothing blocks. */
export function launchErrorOf(report: LaunchReport): StepError | undefined {
  if (!report.is_blocked) return undefined;
  const blocking = new Set(report.rules.filter((rule) => rule.is_blocking && rule.status === "failed").map(({ rule }) => rule));
  const finding = report.findings.find(({ rule }) => blocking.has(rule));
  return new StepError("gate", `Blocked by launch checks (${[...blocking].join(", ")})${finding ? `: ${finding.message}` : "."}`, {
    path: finding?.path ?? null,
    line: finding?.line ?? null,
  });
}
