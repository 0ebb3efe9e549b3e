import { ToolFailure } from "./tool.ts";

/** The path of the tree inside the sandbox, because models use absolute paths anyway. */
export const projectPath = "/app";

/**
 * Resolves a tool's path relative to `root` (the project, or the scoped container's directory). Refuses `..` and other absolute paths. The workspace
 * handles symlinks.
 */
export function resolvePath(root: string, given: string): string {
  const base = segmentsOf(root);
  let path = given.trim();
  if (path === "") path = ".";
  if (/\p{Cc}/u.test(path)) throw new ToolFailure("The path holds a character that no path may have.");
  if (path.startsWith("/")) {
    const scoped = [projectPath, ...base].join("/");
    if (path === scoped || path.startsWith(`${scoped}/`)) path = path.slice(scoped.length + 1);
    else
      throw new ToolFailure(`${given} is outside of ${scoped}.`, {
        suggestion: "Use a path relative to the project, such as src/main.tsx.",
      });
  }
  const segments = segmentsOf(path);
  if (segments.includes("..")) throw new ToolFailure(`${given} leaves the project: ".." is not allowed.`);
  const all = [...base, ...segments];
  return all.length === 0 ? "." : all.join("/");
}

/** The same for writing: refuses `.git`. */
export function resolveWritablePath(root: string, given: string): string {
  const path = resolvePath(root, given);
  if (path === "." || path === (segmentsOf(root).join("/") || "."))
    throw new ToolFailure("A file's path is needed, not the project's folder.");
  if (path.split("/").some((segment) => segment.toLowerCase() === ".git")) {
    throw new ToolFailure(`${given} is inside .git, which is changed by git only.`, { suggestion: "Use run_command with a git command." });
  }
  return path;
}

/** A tree path as the model sees it. */
export function shownPath(root: string, path: string): string {
  const base = segmentsOf(root).join("/");
  if (base === "") return path;
  return path === base ? "." : path.slice(base.length + 1);
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}
