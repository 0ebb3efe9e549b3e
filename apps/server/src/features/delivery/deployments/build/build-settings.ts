import { StepError } from "./build-errors.ts";
import { FrameworkId, type BuildMode, type DeployProvider } from "@tesslate/contract";
import type { Tree } from "@tesslate/runtime";
import { Value } from "typebox/value";
import type { ContainerRow } from "../../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import { startCommandOf } from "../../../source/transfer/index.ts";
import { buildCommandFor, type BuildInput } from "./build-sandbox.ts";
import type { StoredRequest } from "../deployment-request.ts";
import { capabilitiesOf, providerTitle } from "../providers/capabilities.ts";
import { detectFramework, frameworkRules, joinPath, type PackageFile } from "./framework.ts";

/** Everything needed to build a container for a provider. */
export interface BuildSettings extends BuildInput {
  package: PackageFile | undefined;
  /** A Next.js app for a provider that does not run its server. */
  isStaticExport: boolean;
  /** The command the container runs during development. */
  startCommand: string[] | null;
}

const textIn = (settings: ProjectRow["settings"], key: string): string | undefined => {
  const value = settings?.[key];
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
};
export const serverOnly: ReadonlySet<FrameworkId> = new Set(["go", "python", "node"]);

/** Precedence: the request, the project's settings, then what the files reveal. Throws `StepError`. */
export async function buildSettingsOf({
  tree,
  container,
  project,
  provider,
  mode,
  request,
}: {
  tree: Tree;
  container: ContainerRow;
  project: ProjectRow;
  provider: DeployProvider;
  mode: BuildMode;
  request: Pick<StoredRequest, "framework" | "build_command">;
}): Promise<BuildSettings> {
  const directory = joinPath(container.directory.replace(/^\.?\/+|\/+$/g, ""), "");
  const detected = await detectFramework(tree, directory);
  const set = textIn(project.settings, "framework");
  const framework = request.framework ?? (Value.Check(FrameworkId, set) ? set : detected.framework);
  const { runsServers } = capabilitiesOf(provider);
  if (mode === "pre-built" && !runsServers && serverOnly.has(framework))
    throw new StepError(
      "prepare",
      `${container.name} is a server, but ${providerTitle(provider)} only hosts static files. Deploy it to this server.`,
    );
  const isStaticExport = framework === "nextjs" && mode === "pre-built" && !runsServers;
  const command =
    request.build_command ??
    textIn(project.settings, "build_command") ??
    (mode === "source" ? guessOf(framework, detected.package) : buildCommandFor(framework, detected.package, !runsServers));
  return {
    framework,
    package: detected.package,
    directory,
    command,
    isStaticExport,
    startCommand: await startCommandOf(tree, { directory, start_command: container.start_command }),
  };
}

/** For a provider that builds, the command is optional: the provider may detect it. */
function guessOf(framework: FrameworkId, manifest: PackageFile | undefined): string | null {
  try {
    return buildCommandFor(framework, manifest, false);
  } catch (error) {
    if (error instanceof StepError) return null;
    throw error;
  }
}

/** The expected output folder, before a build has run. */
export const defaultOutputOf = (framework: FrameworkId, request: Pick<StoredRequest, "output_directory">): string | null =>
  request.output_directory ?? frameworkRules(framework).outputs[0] ?? null;
