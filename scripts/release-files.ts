/** The files of a release: sources, image, client, software bill of materials, notes, and their checksums. */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createReadStream,
  createWriteStream,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { buildImage } from "./image.ts";
import { packClient } from "./pack-client.ts";

export interface ReleaseFiles {
  /** The checkout, whose commit is released. */
  root: string;
  version: string;
  /** Folder of the files; what is in it is removed. */
  into: string;
  /** The program that builds the image; `undefined`: no image. */
  engine: string | undefined;
  /** More options of its build command. */
  imageOptions?: readonly string[];
}

const name = "tesslate-studio";
const platform = `linux-${process.arch === "x64" ? "amd64" : process.arch}`;

/** Names of the files, in the order they are made. */
export const releaseFileNames = (version: string, { hasImage }: { hasImage: boolean }): string[] => [
  `${name}-${version}.tar.gz`,
  `tesslate-client-${version}.tgz`,
  `${name}-${version}.cdx.json`,
  `${name}-${version}.md`,
  "compose.yaml",
  "compose.env.example",
  "seccomp.json",
  `${name}-${version}-chart.tgz`,
  ...(hasImage ? [`${name}-${version}-image-${platform}.tar.gz`] : []),
  "SHA256SUMS",
];

/** Makes all files and returns their names. */
export async function writeReleaseFiles({ root, version, into, engine, imageOptions = [] }: ReleaseFiles): Promise<string[]> {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const path = (file: string) => join(into, file);
  const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args], { maxBuffer: 1 << 30 });
  git("archive", "--format=tar.gz", `--prefix=${name}-${version}/`, `--output=${path(`${name}-${version}.tar.gz`)}`, "HEAD");
  await packClient(into);
  writeFileSync(path(`${name}-${version}.cdx.json`), billOfMaterials(root));
  writeFileSync(path(`${name}-${version}.md`), releaseNotes(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version));
  for (const file of ["compose.yaml", "compose.env.example"]) cpSync(join(root, file), path(file));
  cpSync(join(root, "deploy/docker/seccomp.json"), path("seccomp.json"));
  // As `helm package` does, with the files that its links lead to.
  execFileSync("tar", ["--dereference", "-czf", path(`${name}-${version}-chart.tgz`), "-C", join(root, "deploy/helm"), name]);
  if (engine !== undefined) {
    const tag = `${name}:${version}`;
    await buildImage({ engine, tags: [tag], more: imageOptions });
    await saveImage(engine, tag, path(`${name}-${version}-image-${platform}.tar.gz`));
  }
  const made = releaseFileNames(version, { hasImage: engine !== undefined });
  const missing = made.filter((file) => file !== "SHA256SUMS" && !readdirSync(into).includes(file));
  if (missing.length > 0) throw new Error(`Not made: ${missing.join(", ")}`);
  const sums = await Promise.all(made.slice(0, -1).map(async (file) => `${await sha256(path(file))}  ${file}\n`));
  writeFileSync(path("SHA256SUMS"), sums.join(""));
  return made;
}

/** The changelog's section of a version. */
export function releaseNotes(changelog: string, version: string): string {
  const at = changelog.indexOf(`\n## [${version}]`);
  if (at < 0) throw new Error(`CHANGELOG.md has no section for ${version}.`);
  const end = changelog.indexOf("\n## [", at + 1);
  return `${changelog.slice(at + 1, end < 0 ? undefined : end).trim()}\n`;
}

interface Lock {
  packages: Record<string, { dev?: boolean; devDependencies?: unknown; link?: boolean }>;
}

/**
 * CycloneDX, by npm, of what runs: the server, its packages and those that are bundled into the web UI. npm leaves out every package that any
 * workspace has as a development dependency, also if the server needs it, so it gets manifests and a lock file without these.
 */
function billOfMaterials(root: string): string {
  const dir = mkdtempSync(join(tmpdir(), "studio-sbom-"));
  try {
    const read = <T>(file: string) => JSON.parse(readFileSync(join(root, file), "utf8")) as T;
    const write = (file: string, value: unknown) => {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), JSON.stringify(value));
    };
    const manifest = read<{ workspaces: string[] }>("package.json");
    for (const file of ["package.json", ...manifest.workspaces.flatMap((each) => globSync(`${each}/package.json`, { cwd: root }))]) {
      const each = read<Record<string, unknown>>(file);
      delete each["devDependencies"];
      write(file, each);
    }
    const lock = read<Lock>("package-lock.json");
    const packages = Object.entries(lock.packages)
      .filter(([, { dev }]) => dev !== true)
      .map(([at, entry]) => {
        delete entry.devDependencies;
        return [at, entry];
      });
    write("package-lock.json", { ...lock, packages: Object.fromEntries(packages) });
    return execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--package-lock-only"], {
      cwd: dir,
      encoding: "utf8",
      maxBuffer: 64 << 20,
      stdio: ["ignore", "pipe", "inherit"],
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function saveImage(engine: string, tag: string, file: string): Promise<void> {
  const save = spawn(engine, ["save", tag], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(save, "exit") as Promise<[number | null]>;
  await pipeline(save.stdout, createGzip(), createWriteStream(file));
  const [code] = await exit;
  if (code !== 0) throw new Error(`${engine} could not save ${tag} (exit code ${code}).`);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
