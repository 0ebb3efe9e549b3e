import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/** Prefix of our own cookies; project code can neither read nor set them. */
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
/** Marks etags of documents that we modified, so that the original can be restored in conditional requests. */
const etagMark = "-ts";

/** All values of a cookie: a hostile sibling host can add more of the same name. */
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

/** Whether an Authorization header holds a platform credential (an API key or a token for our API). A project's own tokens pass. */
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

/** Additional hop-by-hop headers named by `Connection`. */
const namedByConnection = (headers: IncomingHttpHeaders) =>
  new Set((headers.connection ?? "").split(",").map((n) => n.trim().toLowerCase()));

export interface Forwarding {
  ip: string;
  scheme: "http" | "https";
  /** The response may be modified: request it uncompressed and restore etags. */
  isDocument: boolean;
  /** The service worker script gets an extra first line. */
  isWorkerScript: boolean;
}

/** Request headers without our credentials. Host stays the preview's. */
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

/**
 * A cookie of the project, limited to its own host; ours are dropped (`undefined`). `isFramed`: browsers send cookies to a page in a frame
 * of another site only with these attributes. They belong to the pair of both sites (`Partitioned`), so no third site gets them sent.
 */
export function projectCookie(line: string, { isFramed }: { isFramed: boolean }): string | undefined {
  if (ownCookie.test(line)) return undefined;
  const dropped = isFramed ? /^\s*(?:domain|samesite|secure|partitioned)\s*(?:=|$)/i : /^\s*domain\s*=/i;
  const kept = line.split(";").filter((part, i) => i === 0 || !dropped.test(part));
  return [kept.join(";"), ...(isFramed ? ["SameSite=None", "Secure", "Partitioned"] : [])].join("; ");
}

export interface ResponseRewrite {
  isChanged: boolean;
  isDocument: boolean;
  /** The only origin that may frame a preview. */
  appOrigin: string;
  /** Shown in a frame of another site, over a connection that browsers accept `Secure` cookies from. */
  isFramed: boolean;
}

/** Response headers for the browser. */
export function responseHeaders(
  headers: IncomingHttpHeaders,
  { isChanged, isDocument, appOrigin, isFramed }: ResponseRewrite,
): Record<string, string | string[]> {
  const named = namedByConnection(headers);
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name)) continue;
    out[name] = value;
  }
  const cookies = (headers["set-cookie"] ?? []).map((line) => projectCookie(line, { isFramed })).filter((line) => line !== undefined);
  if (cookies.length > 0) out["set-cookie"] = cookies;
  else delete out["set-cookie"];
  // These would affect the whole domain's HTTPS or delete our own cookie.
  delete out["strict-transport-security"];
  delete out["clear-site-data"];
  if (isChanged) {
    for (const name of ["content-length", "content-encoding", "accept-ranges", "content-md5", "digest", "repr-digest", "content-digest"])
      delete out[name];
    if (typeof headers.etag === "string") out["etag"] = headers.etag.replace(/"$/, `${etagMark}"`);
  }
  if (isDocument) {
    // Browsers combine several policies, so this does not weaken the project's. It also overrides X-Frame-Options.
    const policies = [headers["content-security-policy"] ?? []].flat();
    if (!policies.some((p) => /(?:^|[;,])\s*frame-ancestors\b/i.test(p)))
      out["content-security-policy"] = [...policies, `frame-ancestors ${appOrigin}`];
  }
  return out;
}
