import { posix } from "node:path";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import type { LaunchFinding } from "@tesslate/contract";
import { findKeys } from "@tesslate/contract/known-keys";
import { createValueFinder, type ValueFinder } from "../../projects/secrets/index.ts";
import type { LaunchArtifact } from "./artifact.ts";
import { secretValues } from "./project-values.ts";
import { finding, plural, verdictOf, type Verdict, type LaunchInput } from "./report.ts";
import { scanText, type FoundSecret } from "./text-scan.ts";

const limitMs = 25_000;
const pieceBytes = 256 * 1024;
const maxMapBytes = 16 * 2 ** 20;
const maxPerFile = 5;
const maxFindings = 100;
/** Limit for precompressed files. */
const maxUnpackedBytes = 256 * 2 ** 20;

/** Binary formats without text. */
const media = /\.(?:png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg|wav|mov|m4[av]|pdf)$/i;
const first = /\.(?:html?|[cm]?js|json)$/i;
/** Folders that frameworks serve as they are. */
const publicFolders =
  /^(?:public|static|www|dist\/(?:client|public)|build\/client|client|\.next\/static|\.output\/public|\.svelte-kit\/output\/client)\//;

/**
 * Checks everything that visitors can download for secrets: the project's values, keys of known kinds, and files that should not be
 * public.
 */
export async function inspectSecrets(
  { artifact, sources }: { artifact: LaunchArtifact; sources: LaunchArtifact | undefined },
  { kind, secrets }: Pick<LaunchInput, "kind" | "secrets">,
  /** Server responses during the page visits, by path. */
  responseSecrets: Promise<ReadonlyMap<string, readonly FoundSecret[]>>,
  signal: AbortSignal,
): Promise<Verdict> {
  const values = projectFinder(secrets);
  const deadline = performance.now() + limitMs;
  const served = [...artifact.files.keys()].filter((path) => kind === "static" || publicFolders.test(path));
  const findings: LaunchFinding[] = [];
  let looked = 0;
  const inOrder = (paths: Iterable<string>) => [...paths].toSorted((a, b) => Number(first.test(b)) - Number(first.test(a)));
  const order = [
    ...inOrder(served).map((path) => ({ artifact, path, reader: visitors })),
    ...(sources ? inOrder(sources.files.keys()).map((path) => ({ artifact: sources, path, reader: readersOfSources })) : []),
  ];
  for (const { artifact: scanned, path, reader } of order) {
    if (performance.now() > deadline || findings.length >= maxFindings) break;
    signal.throwIfAborted();
    findings.push(...(await inspectFile(scanned, path, { values, deadline, reader })));
    looked += 1;
  }
  const known = new Set<string>();
  for (const [page, found] of await responseSecrets)
    for (const one of findingsFor(found, visitors, { page })) {
      // A finding that occurs on every page is reported once.
      if (!known.has(one.message)) findings.push(one);
      known.add(one.message);
    }
  const isWhole = looked === order.length;
  if (!isWhole && findings.length === 0)
    findings.push(finding("secrets", "minor", `Only ${plural(looked, "file")} of ${order.length} could be scanned in time.`));
  const seen = isWhole ? plural(looked, "file") : `the first ${plural(looked, "file")}`;
  const count = findings.filter(({ severity }) => severity === "critical" || severity === "serious").length;
  return verdictOf("secrets", count === 0 ? `no secrets in ${seen}` : `${plural(count, "secret")} in ${seen}`, findings);
}

export const projectFinder = (secrets: LaunchInput["secrets"]): ValueFinder => createValueFinder(secretValues(secrets));

/** The reader named in a finding. */
const visitors = "Visitors";
const readersOfSources = "Anyone with access to the sources";

const findingsFor = (found: readonly FoundSecret[], reader: string, where: { path?: string; page?: string }): LaunchFinding[] =>
  found
    .slice(0, maxPerFile)
    .map(({ what, severity, line }) =>
      finding("secrets", severity, `${reader} can read ${what}.`, { ...where, ...(where.path !== undefined && { line }) }),
    );

async function inspectFile(
  artifact: LaunchArtifact,
  path: string,
  { values, deadline, reader }: { values: ValueFinder; deadline: number; reader: string },
): Promise<LaunchFinding[]> {
  const name = posix.basename(path);
  const size = artifact.files.get(path)?.size ?? 0;
  if (isEnvironmentFile(name)) {
    const text = await readText(artifact, path, 64 * 1024);
    if (hasSettings(text)) return [finding("secrets", "critical", `${reader} can download the environment file.`, { path })];
  }
  if (/(?:^|\/)\.git\/config$/.test(path))
    return [finding("secrets", "serious", `${reader} can download the Git repository with its history.`, { path: posix.dirname(path) })];
  if (size > 0 && (/^(?:id_rsa|id_ed25519|id_ecdsa|\.netrc|\.htpasswd)$/.test(name) || (await isRegistryLogin(artifact, path, name))))
    return [finding("secrets", "critical", `${reader} can download ${name}, a file with credentials.`, { path })];
  if (media.test(name) || size === 0) return [];
  if (name.endsWith(".map") && size <= maxMapBytes) {
    const found = inspectMap(path, await readText(artifact, path, maxMapBytes), values, reader);
    if (found.length > 0) return found;
  }
  const scan = scanText(values);
  const file = await artifact.open(path, { start: 0, end: size - 1 });
  for await (const piece of unpacked(file, name)) {
    scan.push(piece);
    if (performance.now() > deadline) break;
  }
  return findingsFor(scan.end(), reader, { path });
}

/** `.env`, `.env.production`; not `.env.example`. */
const isEnvironmentFile = (name: string) => /^\.env(?:\.[\w.-]+)?$/.test(name) && !/\.(?:example|sample|template|dist)$/.test(name);
const hasSettings = (text: string) => /^\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*["']?[^\s"'#]/m.test(text);

const isRegistryLogin = async (artifact: LaunchArtifact, path: string, name: string) =>
  /^\.(?:npmrc|yarnrc\.yml|pypirc)$/.test(name) && /auth|password/i.test(await readText(artifact, path, 64 * 1024));

async function readText(artifact: LaunchArtifact, path: string, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of await artifact.open(path, { start: 0, end: maxBytes - 1 })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}

async function* unpacked(file: Readable, name: string): AsyncGenerator<Buffer> {
  const unpack = name.endsWith(".gz")
    ? createGunzip({ chunkSize: pieceBytes })
    : name.endsWith(".br")
      ? createBrotliDecompress()
      : undefined;
  let bytes = 0;
  try {
    for await (const piece of unpack ? file.on("error", () => unpack.destroy()).pipe(unpack) : file) {
      yield piece as Buffer;
      bytes += (piece as Buffer).length;
      if (unpack && bytes > maxUnpackedBytes) return;
    }
  } catch (error) {
    // Not the format its name suggests: nothing to read.
    if (!unpack) throw error;
  } finally {
    file.destroy();
    unpack?.destroy();
  }
}

/** A source map leads to the original file and line. */
function inspectMap(path: string, text: string, values: ValueFinder, reader: string): LaunchFinding[] {
  const { sources, contents } = sourcesOf(text);
  return contents.flatMap((content, i) => {
    if (typeof content !== "string") return [];
    if (values.isEmpty && findKeys(content).length === 0) return [];
    const scan = scanText(values);
    scan.push(content);
    const source = posix.normalize(String(sources[i] ?? "")).replace(/^(?:\.\.\/)+|^webpack:\/+(?:[^/]+\/)?(?:\.\/)?/g, "");
    return scan
      .end()
      .slice(0, maxPerFile)
      .map(({ what, severity, line }) =>
        finding("secrets", severity, `${reader} can read ${what}, through the source map ${path}.`, {
          path: source.slice(0, 500) || path,
          line,
        }),
      );
  });
}

function sourcesOf(text: string): { sources: unknown[]; contents: unknown[] } {
  try {
    const map: unknown = JSON.parse(text);
    const { sources, sourcesContent }: { sources?: unknown; sourcesContent?: unknown } = typeof map === "object" && map !== null ? map : {};
    return { sources: Array.isArray(sources) ? sources : [], contents: Array.isArray(sourcesContent) ? sourcesContent : [] };
  } catch {
    return { sources: [], contents: [] };
  }
}
