import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/** Cookies of ours start so; project code neither sees nor sets them. */
const ownCookie = /^\s*(?:__Host-|__Secure-)?tesslate_/i;
export const previewCookie = "tesslate_preview";

const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Marks the etags of documents that we changed, so that theirs can be restored on the way back. */
const etagMark = "-ts";

/** Every value sent for a cookie: a hostile sibling host can add some of the same name. */
export function cookieValues(header: string | undefined, name: string): string[] {
  return (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

const withoutOwnCookies = (header: string) =>
  header
    .split(";")
    .filter((pair) => !ownCookie.test(pair))
    .map((pair) => pair.trim())
    .filter(Boolean)
    .join("; ");

/** A credential of the platform in an Authorization header: an API key, or a token made for our API. A project's own tokens pass. */
export function isOwnAuthorization(header: string): boolean {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1] ?? "";
  if (token.startsWith("tsk_")) return true;
  const payload = token.split(".")[1];
  if (token.split(".").length !== 3 || payload === undefined) return false;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null && "aud" in claims && [claims.aud].flat().includes("fastapi-users:auth");
  } catch {
    return false;
  }
}

/** The names a `Connection` header adds to the hop-by-hop ones. */
const namedByConnection = (headers: IncomingHttpHeaders) =>
  new Set((headers.connection ?? "").split(",").map((n) => n.trim().toLowerCase()));

export interface Forwarding {
  ip: string;
  scheme: "http" | "https";
  /** The answer may be changed on its way: ask for plain text and restore etags. */
  isDocument: boolean;
  /** The service worker's script gets a line in front of it. */
  isWorkerScript: boolean;
}

/** What project code may know of a request: everything but our credentials. Host stays the preview's own. */
export function requestHeaders(
  headers: IncomingHttpHeaders,
  { ip, scheme, isDocument, isWorkerScript }: Forwarding,
  keepUpgrade = false,
): OutgoingHttpHeaders {
  const named = namedByConnection(headers);
  const out: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name) || name.startsWith("x-forwarded-") || name === "forwarded") continue;
    out[name] = value;
  }
  const cookies = withoutOwnCookies(headers.cookie ?? "");
  if (cookies) out["cookie"] = cookies;
  else delete out["cookie"];
  if (headers.authorization !== undefined && isOwnAuthorization(headers.authorization)) delete out["authorization"];
  if (keepUpgrade) {
    out["connection"] = "Upgrade";
    out["upgrade"] = headers.upgrade;
  }
  if (isDocument || isWorkerScript) {
    out["accept-encoding"] = "identity";
    delete out["range"];
    delete out["if-range"];
  }
  const match = headers["if-none-match"];
  if (isDocument && match !== undefined) out["if-none-match"] = match.replaceAll(`${etagMark}"`, '"');
  out["x-forwarded-for"] = ip;
  out["x-forwarded-proto"] = scheme;
  if (headers.host !== undefined) out["x-forwarded-host"] = headers.host;
  return out;
}

/** A cookie of the project, kept to its own host; ours are dropped (`undefined`). */
export function projectCookie(line: string): string | undefined {
  if (ownCookie.test(line)) return undefined;
  return line
    .split(";")
    .filter((part, i) => i === 0 || !/^\s*domain\s*=/i.test(part))
    .join(";");
}

export interface Answering {
  isChanged: boolean;
  isDocument: boolean;
  /** The one origin that may frame a preview. */
  appOrigin: string;
}

/** What the browser gets of the project's answer. */
export function answerHeaders(
  headers: IncomingHttpHeaders,
  { isChanged, isDocument, appOrigin }: Answering,
): Record<string, string | string[]> {
  const named = namedByConnection(headers);
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name)) continue;
    out[name] = value;
  }
  const cookies = (headers["set-cookie"] ?? []).map(projectCookie).filter((line) => line !== undefined);
  if (cookies.length > 0) out["set-cookie"] = cookies;
  else delete out["set-cookie"];
  // Would reach past the preview: into HTTPS for all of the domain, or into the storage of our own cookie.
  delete out["strict-transport-security"];
  delete out["clear-site-data"];
  if (isChanged) {
    for (const name of ["content-length", "content-encoding", "accept-ranges", "content-md5", "digest", "repr-digest", "content-digest"])
      delete out[name];
    if (typeof headers.etag === "string") out["etag"] = headers.etag.replace(/"$/, `${etagMark}"`);
  }
  if (isDocument) {
    // Several policies are combined by the browser, so this one takes nothing from the project's. It also overrides X-Frame-Options.
    const policies = [headers["content-security-policy"] ?? []].flat();
    if (!policies.some((p) => /(?:^|[;,])\s*frame-ancestors\b/i.test(p)))
      out["content-security-policy"] = [...policies, `frame-ancestors ${appOrigin}`];
  }
  return out;
}
