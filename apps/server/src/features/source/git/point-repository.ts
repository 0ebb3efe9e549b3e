import type { Sandbox } from "@tesslate/runtime";
import { openWorkingRepo } from "./working-repo.ts";

const maxRefBytes = 1024 * 1024;

/**
 * Whether a project's repository is the one that a point of its history has: it contains the commit that was checked out then. A restore then leaves it
 * alone, because going back would lose newer commits.
 */
export async function hasSameRepository(sandbox: Sandbox, point: string): Promise<boolean> {
  // Nothing is committed, so the committer does not matter.
  const repo = openWorkingRepo(sandbox, { name: "-", email: "-" });
  if (!(await repo.isRepository())) return false;
  const refs = new Map<string, string>();
  for await (const { path, kind, size, content } of sandbox.history.read(point)) {
    if (kind !== "file" || size > maxRefBytes || !/^\.git\/(HEAD|packed-refs|refs\/heads\/.+)$/.test(path)) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of content()) chunks.push(chunk);
    refs.set(path.slice(".git/".length), Buffer.concat(chunks).toString("utf8"));
  }
  const head = refs.get("HEAD")?.trim() ?? "";
  const branch = /^ref: (.+)$/.exec(head)?.[1];
  const packed = refs
    .get("packed-refs")
    ?.split("\n")
    .find((line) => line.endsWith(` ${branch}`))
    ?.split(" ")[0];
  const commit = branch === undefined ? head : (refs.get(branch)?.trim() ?? packed);
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return false;
  return (await repo.attempt(["cat-file", "-e", `${commit}^{commit}`])).exitCode === 0;
}
