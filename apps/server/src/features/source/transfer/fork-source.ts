import type { Sandbox, Tree } from "@tesslate/runtime";
import { AppError, conflict } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import { generatedFolders } from "@tesslate/contract";
import type {
  CreatedProject,
  ProjectSource,
  Projects,
  Provisioning,
  SourceInput,
  TemplateImages,
  Templates,
} from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { copyTree } from "./copy-tree.ts";

const installMs = 5 * 60_000;

/** Copies container rows into another project and returns old to new ids. */
export type CopyContainers = (tx: Queries, from: ProjectRow, to: ProjectRow) => Promise<ReadonlyMap<string, string>>;
/** Copies rows that refer to containers. */
export type CopyCanvas = (tx: Queries, from: ProjectRow, to: ProjectRow, containers: ReadonlyMap<string, string>) => Promise<void>;

/** The point of a branch's history at which it began. */
export const branchBase = "branch/base";

interface CopySourceOptions {
  projects: Projects;
  templates: Templates;
  templateImages: Pick<TemplateImages, "prepare">;
  copyContainers: CopyContainers;
  copyCanvas: readonly CopyCanvas[];
}

/** A fork of the user's own project: files with history, containers and canvas, without secret values. */
export const createForkSource = (options: CopySourceOptions): ProjectSource<Extract<SourceInput, { kind: "fork" }>> =>
  createCopySource(options);

/**
 * A branch of a project: as a fork, with the variables and credentials of containers, and with the state at its beginning in its history.
 * Files that change while they are copied are in the branch as they were read; that is its base.
 */
export function createBranchSource({
  measure,
  ...options
}: CopySourceOptions & {
  /** Stores how much of the disk a project uses: its branches may use what is left of its limit. */
  measure: (sandbox: Sandbox) => Promise<unknown>;
}): ProjectSource<Extract<SourceInput, { kind: "branch" }>> {
  const { projects } = options;
  const { fill } = createCopySource<Extract<SourceInput, { kind: "branch" }>>(options);
  return {
    async fill(context) {
      const original = await projects.find(context.input.project_id);
      if (original && original.environment_status !== "deleting") await measure(await projects.sandboxOf(original));
      const filled = await fill(context);
      // The project has its sandbox now, whatever its status says.
      const sandbox = await projects.peekSandbox(context.project.id);
      if (!sandbox) throw new Error("the sandbox of the branch was closed");
      await sandbox.history.capture(branchBase, { signal: context.signal });
      return filled;
    },
  };
}

function createCopySource<Input extends Extract<SourceInput, { kind: "fork" | "branch" }>>({
  projects,
  templates,
  templateImages,
  copyContainers,
  copyCanvas,
}: CopySourceOptions): ProjectSource<Input> {
  return {
    async fill({ project, input, attempt, signal, progress, note }) {
      const original = await projects.find(input.project_id);
      if (!original || original.owner_id !== project.owner_id || original.environment_status === "deleting")
        throw new AppError("import_failed", "The original project was deleted.");
      const from = (await projects.sandboxOf(original)).files;
      const template = templates.find(original.template_slug ?? "");
      await progress(10, "Preparing the copy");
      const image = template && (await templateImages.prepare(template, { signal }));
      const sandbox = await projects.createSandbox(project.id, image, { isRetry: attempt > 1 });
      const before = await manifestOf(sandbox.files);
      await copyTree(from, sandbox.files, {
        // They come from the template's image, by installing, or by the next build.
        skip: generatedFolders,
        signal,
        report: (done, total) => progress(20 + Math.floor((50 * done) / Math.max(1, total)), `Copied ${done} of ${total} files`),
      });
      // The image has the template's packages: install the ones added since.
      const isMissing = image
        ? (await manifestOf(sandbox.files)) !== before
        : input.kind === "branch" && (await from.stat("node_modules")) !== undefined;
      if (isMissing) {
        await progress(75, "Installing packages");
        const failure = await install(sandbox, signal);
        if (failure) await note(`Packages were not installed: ${failure}. Run the installation in a terminal.`);
      }
      return {
        finish: async (tx) => {
          const copies = await copyContainers(tx, original, project);
          for (const copy of copyCanvas) await copy(tx, original, project, copies);
          const [first] = copies.values();
          return first === undefined ? undefined : { id: first };
        },
        ...(original.git_remote_url && { git: { remote_url: original.git_remote_url } }),
      };
    },
  };
}

/** Files that list a project's packages. */
async function manifestOf(tree: Tree): Promise<string> {
  const texts = await Promise.all(
    ["package.json", "requirements.txt"].map((path) =>
      tree.read(path, { maxBytes: 1024 * 1024 }).then(
        ({ data }) => new TextDecoder().decode(data),
        () => "",
      ),
    ),
  );
  return texts.join("\0");
}

async function install(sandbox: Sandbox, signal: AbortSignal): Promise<string | undefined> {
  const has = async (path: string) => (await sandbox.files.stat(path)) !== undefined;
  const steps = [
    ...((await has("package.json")) ? [[(await has("pnpm-lock.yaml")) ? "pnpm" : "npm", "install"]] : []),
    ...((await has("requirements.txt")) && (await has(".venv/bin/python"))
      ? [[".venv/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", "requirements.txt"]]
      : []),
  ];
  for (const argv of steps) {
    const { exitCode, stderr, stdout } = await sandbox.exec(argv, { timeoutMs: installMs, signal });
    signal.throwIfAborted();
    if (exitCode !== 0) return (stderr || stdout).trim().split("\n").at(-1)?.slice(0, 300) || `${argv[0]} failed`;
  }
  return undefined;
}

export type ProjectForks = ReturnType<typeof createFork>;

/** Accepts a fork; setup copies the files. */
export function createFork({ projects, provisioning }: { projects: Projects; provisioning: Pick<Provisioning, "createFrom"> }) {
  return async (userId: string, ref: string, given: { name?: string }): Promise<CreatedProject> => {
    const original = await projects.require(userId, ref);
    if (original.environment_status === "provisioning" || original.environment_status === "setup_failed")
      throw conflict("project_busy", "This project has no files to copy yet. Wait until its setup is done.");
    return provisioning.createFrom(userId, {
      name: given.name ?? `${original.name.slice(0, 93)} (copy)`,
      description: original.description,
      source_type: "fork",
      template_slug: original.template_slug,
      source: { kind: "fork", project_id: original.id },
    });
  };
}
