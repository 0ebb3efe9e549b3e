import type { LaunchReport, LaunchRule } from "@tesslate/contract";
import type { LaunchChoices, LaunchGate } from "../../launch/index.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { Artefacts } from "../build/artifacts.ts";
import { StepFailed, type CleanRooms } from "../build/build-sandbox.ts";
import { secretNamesOf, type KeptRequest } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";

/** What is about to be seen, and by whose leave. */
export interface Candidate {
  row: DeploymentRow;
  project: ProjectRow;
  request: KeptRequest;
  /** Of a program: where it listens. */
  address: { host: string; port: number } | undefined;
  warnings: readonly string[];
  /** Rules that shall not block this time. */
  ignoreRules: readonly LaunchRule[];
  log(line: string): void;
  signal: AbortSignal;
}

/** Asks the launch gate about a version that lies here, whether it was just built or is to be promoted. */
export type Judging = ReturnType<typeof createJudging>;
export function createJudging({
  store,
  rooms,
  artefacts,
  gate,
  choices,
}: {
  store: Pick<DeploymentsStore, "baseContainers">;
  rooms: Pick<CleanRooms, "find">;
  artefacts: Pick<Artefacts, "treeOf" | "find">;
  gate: LaunchGate;
  choices: Pick<LaunchChoices, "of">;
}) {
  return async ({ row, project, request, address, warnings, ignoreRules, log, signal }: Candidate): Promise<LaunchReport> => {
    const room = await rooms.find(row.id);
    const containers = await store.baseContainers(project.id);
    const directory = containers.find(({ id }) => id === row.container_id)?.directory ?? ".";
    const hidden = secretNamesOf(request.env);
    const built = row.mode === "source" ? await artefacts.find(row, "checked") : undefined;
    return gate.inspect({
      ...(row.mode === "source"
        ? {
            dir: artefacts.treeOf(row, built ? "checked" : "sent"),
            // Sources that could not be built here are no site.
            kind: built?.files.some(({ path }) => path === "index.html") ? "static" : "server",
            sources: artefacts.treeOf(row),
          }
        : { dir: artefacts.treeOf(row), kind: row.program ? "server" : "static" }),
      ...(address && { address }),
      spaFallback: row.spa_fallback,
      buildWarnings: warnings,
      ...(room && { source: { sandbox: room, directory } }),
      secrets: Object.entries(request.env).flatMap(([name, value]) => (hidden.has(name) ? [{ name, value }] : [])),
      settings: choices.of(project),
      ignoreRules,
      log,
      signal,
    });
  };
}

/** What keeps it back, as the failure that it is; undefined when nothing does. */
export function refusalOf(report: LaunchReport): StepFailed | undefined {
  if (!report.is_blocked) return undefined;
  const blocking = new Set(report.rules.filter((rule) => rule.is_blocking && rule.status === "failed").map(({ rule }) => rule));
  const finding = report.findings.find(({ rule }) => blocking.has(rule));
  return new StepFailed("gate", `It was kept back by ${[...blocking].join(" and ")}${finding ? `: ${finding.message}` : "."}`, {
    path: finding?.path ?? null,
    line: finding?.line ?? null,
  });
}
