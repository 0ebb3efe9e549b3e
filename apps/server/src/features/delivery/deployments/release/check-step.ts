import { StepError } from "../build/build-errors.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { LocalVersions } from "./local-versions.ts";
import { launchErrorOf, type CheckLaunch } from "./launch-gate.ts";
import type { BuildOutput, PipelineState } from "./pipeline-state.ts";

export type CheckBuild = ReturnType<typeof createCheckBuild>;
/** Runs the launch gate; throws when a check blocks. */
export const createCheckBuild =
  ({
    store,
    localVersions,
    checkLaunch,
  }: {
    store: Pick<DeploymentsStore, "update">;
    localVersions: Pick<LocalVersions, "start" | "stop">;
    checkLaunch: CheckLaunch;
  }) =>
  async (current: PipelineState, { artifact, warnings, serverCommand }: BuildOutput): Promise<void> => {
    const { row, project, request, log: lines, signal, step } = current;
    if (serverCommand) await step("smoke");
    // The provider may have what is missing here; skip the page checks then.
    const address = await localVersions.start({ ...row, program: serverCommand ?? row.program }, signal).catch((error: unknown) => {
      if (row.mode !== "source" || !(error instanceof StepError)) throw error;
      lines.line(`${error.message} Its pages are not checked.`);
      return undefined;
    });
    await step("gate");
    const { ignore_rules: ignoredChecks } = request;
    const asked = { row, project, request, address, warnings, ignoredChecks, log: (line: string) => lines.line(line), signal };
    const report = await checkLaunch(asked).finally(() =>
      row.mode === "source" && serverCommand ? localVersions.stop(row.id) : undefined,
    );
    const { files, totalBytes } = artifact;
    current.row =
      (await store.update(row.id, { report, files: files.length, bytes: totalBytes, has_artifact: !report.is_blocked })) ?? current.row;
    const refusal = launchErrorOf(report);
    if (refusal) throw refusal;
  };
