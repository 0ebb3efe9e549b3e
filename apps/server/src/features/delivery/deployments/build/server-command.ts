import type { FrameworkId } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { ServerCommand } from "../../../../db/schema/delivery.ts";
import { joinPath, type PackageFile } from "./framework.ts";

/** Frameworks whose production build may be a server. */
const maybeServers: ReadonlySet<FrameworkId> = new Set([
  "nextjs",
  "nuxt",
  "sveltekit",
  "remix",
  "astro",
  "node",
  "go",
  "python",
  "unknown",
]);
/** An unrecognized app is a server only when it has no build. */
export const mayNeedServer = (framework: FrameworkId, command: string | null): boolean =>
  maybeServers.has(framework) && (framework !== "unknown" || command === null);

/** Frameworks whose production build is a server that the framework generates. */
export const isServerFramework = (framework: FrameworkId): boolean => ["nextjs", "nuxt", "sveltekit", "remix", "astro"].includes(framework);

/** The command that starts the production build in a build sandbox; undefined when it has no server. */
export async function findServerCommand(
  buildSandbox: Sandbox,
  {
    framework,
    directory,
    package: manifest,
    startCommand,
  }: {
    framework: FrameworkId;
    directory: string;
    package: PackageFile | undefined;
    /** The command the container runs during development. */
    startCommand: string[] | null;
  },
): Promise<ServerCommand | undefined> {
  const has = async (name: string) => (await buildSandbox.files.stat(joinPath(directory, name))) !== undefined;
  const at = (command: string[]): ServerCommand => ({ command, cwd: directory });
  const hasStart = typeof manifest?.scripts["start"] === "string";
  switch (framework) {
    case "nextjs":
      return (await has(".next/BUILD_ID")) ? at(["node_modules/.bin/next", "start"]) : undefined;
    case "nuxt":
      return (await has(".output/server/index.mjs")) ? at(["node", ".output/server/index.mjs"]) : undefined;
    case "sveltekit":
      return (await has("build/handler.js")) ? at(["node", "build"]) : undefined;
    case "astro":
      return (await has("dist/server/entry.mjs")) ? at(["node", "dist/server/entry.mjs"]) : undefined;
    case "remix":
      return hasStart ? at(["npm", "run", "start"]) : undefined;
    case "node":
      return hasStart ? at(["npm", "run", "start"]) : startCommand ? at(startCommand) : undefined;
    case "go":
      return at(["./main"]);
    case "python":
    case "unknown":
      return startCommand ? at(startCommand) : undefined;
    default:
      return undefined;
  }
}

/** Environment of a production server, in addition to the project's own variables. */
export const productionEnv = { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", PYTHONUNBUFFERED: "1", APP_RELOAD: "0" };
