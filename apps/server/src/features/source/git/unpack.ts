import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Sandbox, Tree } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { FetchedRepository } from "./fetch-repository.ts";
import { configText, type Identity } from "./identity.ts";

const checkoutMs = 120_000;

/**
 * Writes fetched objects and references with a `.git` that we generate: no hooks, filters or credentials; only the committer is
 * configured.
 */
export async function writeRepository(
  { files }: Sandbox,
  { packDir, shallowFile, branch, commit, references }: FetchedRepository,
  url: string,
  identity: Identity,
): Promise<void> {
  const copy = async (from: string, to: string) => (await files.stage(createReadStream(from), { isDurable: false })).place(to);
  for (const name of await readdir(packDir)) if (/\.(pack|idx)$/.test(name)) await copy(join(packDir, name), `.git/objects/pack/${name}`);
  if (shallowFile) await copy(shallowFile, ".git/shallow");
  for (const folder of ["objects/info", "refs/heads", "refs/tags", "info"]) await files.mkdir(`.git/${folder}`);
  await files.write(
    ".git/packed-refs",
    [
      "# pack-refs with: peeled fully-peeled sorted ",
      `${commit} refs/heads/${branch}`,
      ...references.flatMap(({ sha, name, peeled }) => [`${sha} ${name}`, ...(peeled ? [`^${peeled}`] : [])]),
      "",
    ].join("\n"),
  );
  await files.write(".git/refs/remotes/origin/HEAD", `ref: refs/remotes/origin/${branch}\n`);
  await files.write(".git/config", configOf(branch, url, identity));
  await files.write(".git/HEAD", `ref: refs/heads/${branch}\n`);
}

const configOf = (branch: string, url: string, { name, email }: Identity) => `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[user]
\tname = ${configText(name)}
\temail = ${configText(email)}
[remote "origin"]
\turl = ${configText(url)}
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch ${configText(branch)}]
\tremote = origin
\tmerge = ${configText(`refs/heads/${branch}`)}
`;

/** Checks out `HEAD`. Throws `gateway_timeout` and `import_failed`. */
export async function checkOut(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  const settings = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false", "advice.detachedHead=false"];
  const { exitCode, timedOut } = await sandbox.exec(["git", ...settings.flatMap((s) => ["-c", s]), "reset", "--hard", "--quiet"], {
    env: { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_TERMINAL_PROMPT: "0" },
    timeoutMs: checkoutMs,
    signal,
  });
  signal.throwIfAborted();
  if (timedOut) throw new AppError("gateway_timeout", "Checking out the files took too long.");
  if (exitCode === 127) throw new AppError("import_failed", "git is not installed in this server's sandboxes.");
  if (exitCode !== 0) throw new AppError("import_failed", "The files of this repository could not be checked out.");
}

/** Whether the repository uses Git LFS. */
export const hasLargeFileStorage = (tree: Tree): Promise<boolean> =>
  tree.read(".gitattributes", { maxBytes: 64 * 1024 }).then(
    ({ data }) => new TextDecoder().decode(data).includes("filter=lfs"),
    () => false,
  );
