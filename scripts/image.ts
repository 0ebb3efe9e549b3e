/** Builds the container image from this checkout; see `usage`. Exit codes: 0 built, 1 failed, 2 wrong usage. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../apps/server/src/version.ts";
import { runCommand } from "./run-command.ts";

const root = join(import.meta.dirname, "..");
const name = "tesslate-studio";
const usage = `usage: ./studio image build [--tag NAME:TAG] [--node-image IMAGE] [--packages "NAME …"] [--engine docker|podman] [-- OPTION…]

  --tag         of the image, can be repeated; default: ${name}:${version} and ${name}:latest
  --node-image  Debian with Node 24 that it is based on; default: the one of the Dockerfile. A digest pins it: node@sha256:…
  --packages    more Debian packages for projects: chromium, build-essential, …
  --engine      default: docker
  -- OPTION…    for the engine's build command, for example --network host
`;

interface ImageBuild {
  engine: string;
  tags: string[];
  nodeImage?: string | undefined;
  packages?: string | undefined;
  more?: readonly string[];
}

/** Builds the image from the files of the checkout and resolves when the engine has it. Rejects when the build failed. */
export async function buildImage({ engine, tags, nodeImage, packages, more = [] }: ImageBuild): Promise<void> {
  const arg = (key: string, value: string | undefined) => (value === undefined ? [] : ["--build-arg", `${key}=${value}`]);
  const argv = [
    "build",
    ...tags.flatMap((tag) => ["--tag", tag]),
    ...arg("NODE_IMAGE", nodeImage),
    ...arg("EXTRA_PACKAGES", packages),
    ...arg("VERSION", version),
    ...arg("REVISION", revision()),
    ...more,
    root,
  ];
  const build = spawn(engine, argv, { stdio: "inherit" });
  const [code] = (await once(build, "exit").catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? new Error(`${engine} is not installed.`, { cause: error }) : error;
  })) as [number | null];
  if (code !== 0) throw new Error(`${engine} could not build the image (exit code ${code}).`);
}

/** The commit of the checkout; `undefined` where it is none, as in an archive. */
function revision(): string | undefined {
  try {
    return execFileSync("git", ["-C", root, "rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tag: { type: "string", multiple: true },
      "node-image": { type: "string" },
      packages: { type: "string" },
      engine: { type: "string", default: "docker" },
      help: { type: "boolean", default: false },
    },
  });
  const [command, ...more] = positionals;
  if (values.help || command !== "build" || !["docker", "podman"].includes(values.engine)) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const tags = values.tag ?? [`${name}:${version}`, `${name}:latest`];
  await buildImage({ engine: values.engine, tags, nodeImage: values["node-image"], packages: values.packages, more });
  process.stdout.write(`Built ${tags.join(", ")}. How to start it: docs/operations/docker-image.md\n`);
  return 0;
}

if (import.meta.main) await runCommand(main, usage);
