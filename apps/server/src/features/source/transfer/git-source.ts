import type { InsertFirst, ProjectSource, Projects, SourceInput } from "../../projects/projects/index.ts";
import type { WithAuthorization } from "../git-providers/index.ts";
import { checkOut, hasLargeFileStorage, repositoryLimits, writeRepository, type FetchRepository, type Identity } from "../git/index.ts";
import { containerNameFrom } from "./archive-source.ts";
import { guessService } from "./detect-services.ts";

const maxPackBytes = 512 * 2 ** 20;

/**
 * A project from a repository. The pack is fetched outside; the checkout runs in the project's sandbox, with a `.git` that we generate: no
 * hooks, filters, third-party settings or credentials.
 */
export function createGitSource({
  projects,
  fetchRepository,
  insertFirst,
  diskBytesOf,
  withAuthorization,
  identityOf,
}: {
  projects: Projects;
  fetchRepository: FetchRepository;
  insertFirst: InsertFirst;
  diskBytesOf: (userId: string) => Promise<number>;
  withAuthorization: WithAuthorization;
  identityOf: (userId: string) => Promise<Identity>;
}): ProjectSource<Extract<SourceInput, { kind: "git" }>> {
  return {
    async fill({ project, input, attempt, signal, progress, note }) {
      const diskBytes = await diskBytesOf(project.owner_id);
      await progress(15, "Contacting the host");
      await using fetched = await withAuthorization(project.owner_id, input.url, (authorization) =>
        fetchRepository({
          url: input.url,
          branch: input.branch,
          tag: input.tag,
          authorization,
          signal,
          limits: {
            ...repositoryLimits,
            packBytes: Math.min(maxPackBytes, Math.floor(diskBytes / 2)),
            treeBytes: Math.floor(diskBytes / 2),
          },
          onPhase: (phase) => (phase === "reached" ? progress(22, "Cloning") : progress(60, "Checking the repository")),
        }),
      );
      if (fetched.hasSubmodules) await note("Submodules were left out.");
      const sandbox = await projects.createSandbox(project.id, undefined, { isRetry: attempt > 1 });
      await progress(70, `Checking out ${fetched.files} files of ${fetched.branch}`);
      await writeRepository(sandbox, fetched, input.url, await identityOf(project.owner_id));
      await checkOut(sandbox, signal);
      if (await hasLargeFileStorage(sandbox.files))
        await note("Git LFS files are pointers only. Run git lfs pull in a terminal to fetch them.");
      await progress(85, "Detecting how to run it");
      const service = await guessService(sandbox.files);
      const name =
        input.url
          .split("/")
          .at(-1)
          ?.replace(/\.git$/, "") ?? "";
      return {
        finish: (tx) => insertFirst(tx, project, { name: containerNameFrom(decodeURIComponent(name)).slice(0, 100), service }),
        git: { remote_url: input.url },
      };
    },
  };
}
