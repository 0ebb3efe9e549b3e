import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRevision } from "./revision.ts";
import { temporaryFolder } from "./testing/temporary.ts";

test("the commit of a checkout, of a worktree, with packed refs and detached; of an image its file; otherwise unknown", async () => {
  const folder = temporaryFolder("revision");
  const git = (...argv: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=T", "-c", "user.email=t@example.com", ...argv], { encoding: "utf8" }).trim();
  expect(await readRevision(folder)).toBeUndefined();
  git("init", "--quiet", "-b", "main");
  expect(await readRevision(folder)).toBeUndefined();
  git("commit", "--quiet", "--allow-empty", "-m", "First");
  const commit = git("rev-parse", "HEAD");
  expect(await readRevision(folder)).toBe(commit);
  const worktree = join(temporaryFolder("revision-worktree"), "tree");
  git("worktree", "add", "--quiet", "-b", "other", worktree);
  expect(await readRevision(worktree)).toBe(commit);
  git("pack-refs", "--all");
  expect([await readRevision(folder), await readRevision(worktree)]).toEqual([commit, commit]);
  git("checkout", "--quiet", "--detach");
  expect(await readRevision(folder)).toBe(commit);
  const image = join(folder, "image");
  mkdirSync(image);
  writeFileSync(join(image, "REVISION"), `${"a".repeat(40)}\n`);
  expect(await readRevision(image)).toBe("a".repeat(40));
  writeFileSync(join(image, "REVISION"), "not a commit");
  expect(await readRevision(image)).toBeUndefined();
});
