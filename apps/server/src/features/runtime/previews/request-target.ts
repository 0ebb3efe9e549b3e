/** Why a request may not reach the dev server. `forbidden` is 403, `malformed` 400. */
export type TargetRejection = "forbidden" | "malformed";

/** Sandbox folders outside the project that bundlers can be tricked into serving, for example with `?raw`. */
const systemFolders = new Set([
  "bin",
  "boot",
  "dev",
  "etc",
  "home",
  "lib",
  "lib64",
  "opt",
  "proc",
  "root",
  "run",
  "sbin",
  "sys",
  "tmp",
  "usr",
  "var",
  "cache",
]);
/** Queries that make Vite read a file as text or as a module. */
const importQuery = /(?:^|[&?])(?:raw|url|import|inline|worker|sharedworker|init|direct)\b/i;
/** Never served, at any depth. */
const secretName = /^\.(?:env|git|npmrc|netrc|ssh|aws|docker|htpasswd|pgpass|dev\.vars|yarnrc)/i;

/**
 * Dev servers are file servers: rejects requests that read outside the project or hidden files before they reach one. Checks every
 * interpretation of the path: decoded up to three times, with `\` as `/`, with and without resolving `..`. `/node_modules/.vite/…` and
 * `/.well-known/…` remain reachable.
 */
export function rejectTarget(target: string): TargetRejection | undefined {
  // eslint-disable-next-line no-control-regex
  if (!target.startsWith("/") || /[\u0000-\u0020\u007f#]/.test(target)) return "malformed";
  const question = target.indexOf("?");
  const rawPath = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? "" : target.slice(question + 1);
  let path = rawPath;
  for (let round = 0; round <= 3; round++) {
    if (path.includes("\0")) return "malformed";
    if (isForbidden(path, query)) return "forbidden";
    const decoded = decodeLeniently(path);
    if (decoded === path) return undefined;
    path = decoded;
  }
  // Still changing after three rounds: no legitimate client encodes that often.
  return "malformed";
}

function decodeLeniently(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
  }
}

function isForbidden(path: string, query: string): boolean {
  const segments = path.replaceAll("\\", "/").split("/").filter(Boolean);
  const resolved = resolve(segments);
  if (segments.some(isSecret) || hasHidden(segments) || hasHidden(resolved)) return true;
  for (const marker of ["@fs", "@id"]) {
    const at = segments.indexOf(marker);
    if (at < 0) continue;
    const inner = resolve(segments.slice(at + 1).map((s) => s.replace(/^__x00__/, "")));
    // `/@fs/` names an absolute path; `/@id/` only when followed by a slash.
    const isAbsolute = marker === "@fs" || /\/@id\/(?:__x00__)?\/+/.test(path);
    if (isAbsolute && inner[0] !== "app") return true;
  }
  return importQuery.test(query) && systemFolders.has(resolved[0]?.toLowerCase() ?? "");
}

const isSecret = (segment: string) => secretName.test(segment);

function resolve(segments: string[]): string[] {
  const out: string[] = [];
  for (const segment of segments)
    if (segment === "..") out.pop();
    else if (segment !== ".") out.push(segment);
  return out;
}

function hasHidden(segments: string[]): boolean {
  const isPackage = (index: number) => segments.indexOf("node_modules") >= 0 && segments.indexOf("node_modules") < index;
  return segments.some((s, i) => s.startsWith(".") && s !== "." && s !== ".." && s !== ".well-known" && !isPackage(i));
}

/** The container's label in a preview host; empty for any other host. */
export const labelOf = (host: string | undefined, domain: string): string => {
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
  return name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : "";
};
