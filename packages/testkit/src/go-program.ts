import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const tools = join(import.meta.dirname, "../../../.studio/tools");

/**
 * A program written in Go that a test needs and no registry of this project has as a package. It is built once, in minutes, and kept in
 * `.studio/tools`. `path` is its package, such as `example.com/tool/cmd/tool`.
 */
export function buildGoProgram(name: string, path: string, version: string): { program: string } | { missing: string } {
  const folder = join(tools, `${name}-${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return { program };
  if (spawnSync("go", ["version"]).status !== 0) return { missing: "go is not installed" };
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  // A module of its own: `go install` refuses programs whose module excludes versions of others.
  writeFileSync(join(fresh, "go.mod"), "module build\n");
  for (const argv of [
    ["get", `${path}@${version}`],
    ["build", "-trimpath", "-ldflags", "-s -w", "-o", name, path],
  ]) {
    const { status, stderr } = spawnSync("go", argv, { cwd: fresh, env: { ...process.env, GOFLAGS: "-mod=mod" }, encoding: "utf8" });
    if (status !== 0) return { missing: `it cannot be built: ${stderr.trim().split("\n").at(-1) ?? ""}` };
  }
  renameSync(fresh, folder);
  return { program };
}
