import { StepError } from "../build/build-errors.ts";
import type { LocalVersions } from "./local-versions.ts";
import { launchErrorOf, type CheckLaunch } from "./launch-gate.ts";
import type { BuildOutput } from "./build-step.ts";
import type { DeploymentRun } from "./deployment-run.ts";

export type CheckBuild = ReturnType<typeof createCheckBuild>;
/** Runs the launch gate; throws when a check blocks. */
export const createCheckBuild =
  ({ localVersions, checkLaunch }: { localVersions: Pick<LocalVersions, "start" | "stop">; checkLaunch: CheckLaunch }) =>
  async (run: DeploymentRun, { artifact, warnings, serverCommand }: BuildOutput): Promise<void> => {
    const { row, project, request, log: lines, signal, step } = run;
    if (serverCommand) await step("smoke");
    // The provider may have what is missing here; skip the page checks then.
    const server = await localVersions.start({ ...row, program: serverCommand ?? row.program }, signal).catch((error: unknown) => {
      if (row.mode !== "source" || !(error instanceof StepError)) throw error;
      lines.line(`${error.message} Its pages are not checked.`);
      return undefined;
    });
    await step("gate");
    const { ignore_rules: ignoredChecks } = request;
    const check = { row, project, request, server, warnings, ignoredChecks, log: (line: string) => lines.line(line), signal };
    const report = await checkLaunch(check).finally(() =>
      row.mode === "source" && serverCommand ? localVersions.stop(row.id) : undefined,
    );
    const { files, totalBytes } = artifact;
    await run.update({ report, files: files.length, bytes: totalBytes, has_artifact: !report.is_blocked });
    const refusal = launchErrorOf(report);
    if (refusal) throw refusal;
  };
