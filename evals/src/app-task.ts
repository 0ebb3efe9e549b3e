import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Type, type Static } from "typebox";
import type { BrowserChecks } from "./checks.ts";
import { Argv, loadScript, readJson, RunLimits } from "./schema.ts";
import type { Script } from "./script.ts";

const closed = { additionalProperties: false };
/** `task.json` */
export const AppTaskFile = Type.Object(
  {
    title: Type.String({ minLength: 1 }),
    prompt: Type.String({ minLength: 1 }),
    /** A bundled template. The folder `files` is copied over it. Default: only `files`. */
    template: Type.Optional(Type.String()),
    limits: Type.Optional(RunLimits),
    /** Type checks the project. */
    types: Type.Optional(Argv),
    build: Type.Optional(Argv),
    /** Further programs that must exit with 0, such as the project's tests. */
    commands: Type.Optional(Type.Array(Type.Object({ name: Type.String({ minLength: 1 }), argv: Argv }, closed))),
    /** The server of the preview, which gets its port as PORT. Default: the template's. */
    start: Type.Optional(Type.Object({ command: Argv, port: Type.Integer({ minimum: 1, maximum: 65_535 }) }, closed)),
  },
  closed,
);
export type AppTaskFile = Static<typeof AppTaskFile>;

export interface AppTask extends AppTaskFile {
  name: string;
  /** A folder to copy into the project at the start. */
  files: string | undefined;
  checks: BrowserChecks;
  script: Script | undefined;
}

/** Loads a task's folder: `task.json`, `checks/*.ts`, and if they exist `files/` and `script.ts`. */
export async function loadAppTask(folder: string): Promise<AppTask> {
  const task = await readJson(join(folder, "task.json"), AppTaskFile);
  const found = await readdir(join(folder, "checks")).catch(() => [] as string[]);
  const checks: Record<string, BrowserChecks[string]> = {};
  for (const file of found.filter((name) => name.endsWith(".ts")).toSorted())
    Object.assign(checks, ((await import(pathToFileURL(join(folder, "checks", file)).href)) as { default: BrowserChecks }).default);
  const files = join(folder, "files");
  return {
    ...task,
    name: basename(resolve(folder)),
    files: existsSync(files) ? files : undefined,
    checks,
    script: await loadScript(folder),
  };
}

/** The folder itself if it has a file of that name, otherwise the folders in it that have one, sorted. */
export async function taskFolders(folder: string, file: string): Promise<string[]> {
  if (existsSync(join(folder, file))) return [folder];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter((one) => existsSync(join(one, file)))
    .toSorted();
}
