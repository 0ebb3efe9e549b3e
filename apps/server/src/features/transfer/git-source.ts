import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Sandbox, Tree } from "@tesslate/runtime";
import { AppError } from "../../platform/errors.ts";
import type { InsertFirst, ProjectSource, Projects, SourceInput } from "../projects/index.ts";
import { nameOf } from "./archive-source.ts";
import { repositoryLimits, type FetchedRepository, type FetchRepository } from "./repository.ts";
import { guessService } from "./service-guess.ts";

const checkoutMs = 120_000;
const maxPackBytes = 512 * 2 ** 20;

/**
 * A repository (accounts-projects 4.1). The pack is fetched outside; the checkout happens inside the project's sandbox, with a `.git`
 * that we wrote ourselves: no hooks, no filters, no settings of anybody else, and no credential.
 */
export function createGitSource({
  projects,
  fetchRepository,
  insertFirst,
  diskBytesOf,
}: {
  projects: Projects;
  fetchRepository: FetchRepository;
  insertFirst: InsertFirst;
  diskBytesOf: (userId: string) => Promise<number>;
}): ProjectSource<Extract<SourceInput, { kind: "git" }>> {
  return {
    async fill({ project, input, attempt, signal, progress, note }) {
      const room = await diskBytesOf(project.owner_id);
      await progress(15, "Asking the host for the repository");
      await using fetched = await fetchRepository({
        url: input.url,
        branch: input.branch,
        signal,
        limits: { ...repositoryLimits, packBytes: Math.min(maxPackBytes, Math.floor(room / 2)), treeBytes: Math.floor(room / 2) },
        onPhase: (phase) => (phase === "reached" ? progress(22, "Cloning") : progress(60, "Checking what is in it")),
      });
      if (fetched.hasSubmodules) await note("The repository has submodules. They were left out.");
      const sandbox = await projects.createSandbox(project.id, undefined, { isRetry: attempt > 1 });
      await progress(70, `Checking out ${fetched.files} files of ${fetched.branch}`);
      await writeRepository(sandbox, fetched, input.url);
      await checkOut(sandbox, signal);
      if (await hasLargeFileStorage(sandbox.files))
        await note("Files that are kept with Git LFS are here as their pointers only. Fetch them in a terminal with git lfs pull.");
      await progress(85, "Finding out how to run it");
      const service = await guessService(sandbox.files);
      const name =
        input.url
          .split("/")
          .at(-1)
          ?.replace(/\.git$/, "") ?? "";
      return {
        settle: (tx) => insertFirst(tx, project, nameOf(decodeURIComponent(name)).slice(0, 100), service),
        git: { remote_url: input.url },
      };
    },
  };
}

async function writeRepository(
  { files }: Sandbox,
  { packDir, shallowFile, branch, commit }: FetchedRepository,
  url: string,
): Promise<void> {
  const copy = async (from: string, to: string) => (await files.stage(createReadStream(from), { isDurable: false })).place(to);
  for (const name of await readdir(packDir)) if (/\.(pack|idx)$/.test(name)) await copy(join(packDir, name), `.git/objects/pack/${name}`);
  if (shallowFile) await copy(shallowFile, ".git/shallow");
  for (const folder of ["objects/info", "refs/heads", "refs/tags", "info"]) await files.mkdir(`.git/${folder}`);
  await files.write(
    ".git/packed-refs",
    `# pack-refs with: peeled fully-peeled sorted \n${commit} refs/heads/${branch}\n${commit} refs/remotes/origin/${branch}\n`,
  );
  await files.write(".git/refs/remotes/origin/HEAD", `ref: refs/remotes/origin/${branch}\n`);
  await files.write(".git/config", configOf(branch, url));
  await files.write(".git/HEAD", `ref: refs/heads/${branch}\n`);
}

const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
const configOf = (branch: string, url: string) => `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = ${quoted(url)}
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch ${quoted(branch)}]
\tremote = origin
\tmerge = ${quoted(`refs/heads/${branch}`)}
`;

async function checkOut(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  const settings = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false", "advice.detachedHead=false"];
  const { exitCode, timedOut } = await sandbox.exec(["git", ...settings.flatMap((s) => ["-c", s]), "reset", "--hard", "--quiet"], {
    env: { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_TERMINAL_PROMPT: "0" },
    timeoutMs: checkoutMs,
    signal,
  });
  signal.throwIfAborted();
  if (timedOut) throw new AppError("gateway_timeout", "Checking out the files took too long.");
  if (exitCode === 127) throw new AppError("import_failed", "There is no git where projects run on this server.");
  if (exitCode !== 0) throw new AppError("import_failed", "The files of this repository could not be checked out.");
}

const hasLargeFileStorage = (tree: Tree): Promise<boolean> =>
  tree.read(".gitattributes", { maxBytes: 64 * 1024 }).then(
    ({ data }) => new TextDecoder().decode(data).includes("filter=lfs"),
    () => false,
  );
