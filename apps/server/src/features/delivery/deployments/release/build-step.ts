import type { ImageId, Sandbox } from "@tesslate/runtime";
import type { ServerCommand } from "../../../../db/schema/delivery.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { Projects, TemplateImages, Templates } from "../../../projects/projects/index.ts";
import type { ArtifactStore } from "../build/artifacts.ts";
import { StepError } from "../build/build-errors.ts";
import { build, type BuildSandboxes } from "../build/build-sandbox.ts";
import { collectFiles, findOutput, listing, ownLimits } from "../build/collect.ts";
import { frameworkRules, joinPath } from "../build/framework.ts";
import { makeStaticExport } from "../build/next-export.ts";
import { buildSettingsOf } from "../build/build-settings.ts";
import { findServerCommand, isServerFramework, mayNeedServer } from "../build/server-command.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { containerRemoved } from "../deployment-rules.ts";
import { capabilitiesOf } from "../providers/capabilities.ts";
import type { Artifact } from "../providers/provider.ts";
import type { DeploymentRun } from "./deployment-run.ts";

/** The artifact to upload and the facts for the launch gate. */
export interface BuildOutput {
  artifact: Artifact;
  warnings: string[];
  /** Of a server; undefined for static files. */
  serverCommand: ServerCommand | undefined;
}

export type OpenBuildSandbox = ReturnType<typeof createOpenBuildSandbox>;
/** Opens the build sandbox of a deployment, from the image of the project's template where there is one. */
export function createOpenBuildSandbox({
  buildSandboxes,
  templates,
  templateImages,
  diskBytesOf,
}: {
  buildSandboxes: Pick<BuildSandboxes, "open">;
  templates: Templates;
  templateImages: Pick<TemplateImages, "prepare">;
  diskBytesOf: (userId: string) => Promise<number>;
}) {
  const imageFor = async (project: ProjectRow, directory: string, signal: AbortSignal): Promise<ImageId | undefined> => {
    const template = directory === "." ? templates.find(project.template_slug ?? "") : undefined;
    return template && templateImages.prepare(template, { signal });
  };
  return async (
    { row, project, signal }: Pick<DeploymentRun, "row" | "project" | "signal">,
    sandbox: Sandbox,
    directory: string,
  ): ReturnType<BuildSandboxes["open"]> => {
    const image = await imageFor(project, directory, signal);
    return buildSandboxes.open(row.id, sandbox, { image, diskBytes: await diskBytesOf(project.owner_id), signal });
  };
}

export type BuildArtifact = ReturnType<typeof createBuildArtifact>;
/**
 * Builds in a build sandbox and collects the output. When the provider builds from source, the sources are uploaded and the local build
 * is only checked.
 */
export const createBuildArtifact =
  ({
    store,
    projects,
    openBuildSandbox,
    artifacts,
  }: {
    store: Pick<DeploymentsStore, "baseContainers">;
    projects: Pick<Projects, "sandboxOf">;
    openBuildSandbox: OpenBuildSandbox;
    artifacts: Pick<ArtifactStore, "create">;
  }) =>
  async (run: DeploymentRun): Promise<BuildOutput> => {
    const { row, project, request, log: lines, signal, step } = run;
    await step("prepare");
    const sandbox = await projects.sandboxOf(project);
    const containers = await store.baseContainers(project.id);
    const container = containers.find(({ id }) => id === row.container_id);
    if (!container) throw new StepError("prepare", containerRemoved);
    const settings = await buildSettingsOf({
      tree: sandbox.files,
      container,
      project,
      provider: row.provider,
      mode: row.mode,
      request,
    });
    const { framework, directory } = settings;
    lines.line(`Mode ${row.mode}, framework ${framework}, container ${container.name}`);
    await run.update({ framework });
    const capabilities = capabilitiesOf(row.provider);
    const limits = { ...ownLimits, ...capabilities.limits };
    const warn = (text: string) => lines.line(text);
    const isSource = row.mode === "source";
    const collectInto = async (tree: typeof sandbox.files, folder: string, kind: Parameters<typeof collectFiles>[3]["kind"]) => {
      await step("collect");
      const part = isSource && kind !== "source" ? "checked" : "sent";
      const artifact = await collectFiles(tree, folder, await artifacts.create(row, part), { kind, limits, signal, warn });
      lines.line(`${artifact.files.length} files, ${Math.ceil(artifact.totalBytes / 1024)} KiB`);
      return artifact;
    };
    const sources = isSource ? await collectInto(sandbox.files, directory, "source") : undefined;

    const buildSandbox = await openBuildSandbox(run, sandbox, directory);
    if (settings.isStaticExport) for (const done of await makeStaticExport(buildSandbox.files, directory)) lines.line(done);
    const env = { ...request.env };
    let warnings: string[];
    try {
      ({ warnings } = await build(buildSandbox, settings, { env, log: lines, signal, onStep: step }));
    } catch (error) {
      if (!sources || !(error instanceof StepError) || !request.ignore_rules.includes("build")) throw error;
      lines.line(`${error.message} This check was ignored: only the sources are checked.`);
      return { artifact: sources, warnings: [], serverCommand: undefined };
    }
    const rules = frameworkRules(framework);
    const outputs = request.output_directory === null ? rules.outputs : [request.output_directory];
    const isBare = settings.command === null && request.output_directory === null;
    const serverCommand =
      (isSource ? isServerFramework(framework) : capabilities.runsServers) &&
      request.output_directory === null &&
      mayNeedServer(framework, settings.command)
        ? await findServerCommand(buildSandbox, { framework, directory, package: settings.package, startCommand: settings.startCommand })
        : undefined;
    // A Next.js app may be a static export and an unrecognized app may be static, whatever else is there.
    const isSiteFirst = framework === "nextjs" || framework === "unknown";
    const outputFolder =
      serverCommand && !isSiteFirst ? undefined : await findOutput(buildSandbox.files, directory, isBare ? [".", ...outputs] : outputs);
    if (serverCommand && outputFolder === undefined) {
      const artifact = await collectInto(buildSandbox.files, directory, "server");
      if (sources) return { artifact: sources, warnings, serverCommand };
      await run.update({ program: serverCommand });
      return { artifact, warnings, serverCommand };
    }
    if (outputFolder === undefined && sources) {
      lines.line("The build left no recognizable site: only the sources are checked.");
      return { artifact: sources, warnings, serverCommand: undefined };
    }
    if (outputFolder === undefined) {
      for (const name of await listing(buildSandbox.files, directory)) lines.line(`  ${name}`);
      throw new StepError(
        "collect",
        `No build output found in ${outputs.map((name) => joinPath(directory, name)).join(", ")}. Set the output directory.`,
      );
    }
    const isUnbuilt = outputFolder === directory;
    const artifact = await collectInto(buildSandbox.files, outputFolder, isUnbuilt ? "static" : "output");
    const has = (path: string) => artifact.files.some((file) => file.path === path);
    await run.update({ spa_fallback: rules.isClientRouted && has("index.html") && !has("404.html") });
    return { artifact: sources ?? artifact, warnings, serverCommand: undefined };
  };
