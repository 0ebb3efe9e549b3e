import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../../../../platform/errors.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../../platform/rate-limit.ts";
import { sendText } from "../../../../http/static-site.ts";

const cookieName = "studio_site_access";
const path = "/__studio/password";
const lifetimeSeconds = 30 * 24 * 3600;
const maxFormBytes = 4_096;
/** Attempts per site and network. */
const attempts = { max: 10, windowSeconds: 600 };

/** A site as its visitors see it. */
export interface ProtectedSite {
  /** Its label; part of the signature, so that the cookie of one site does not open another. */
  label: string;
  passwordHash: string;
}

export type SiteAccess = ReturnType<typeof createSiteAccess>;
/**
 * Passwords of sites: visitors enter them once per browser. The cookie is signed with the hash, so a new password signs everybody out.
 */
export function createSiteAccess({
  verify,
  limits,
  isSecure,
}: {
  verify(hash: string, password: string): Promise<boolean>;
  limits: Pick<RateLimiter, "count">;
  isSecure: boolean;
}) {
  const sign = ({ label, passwordHash }: ProtectedSite, expires: string) =>
    createHmac("sha256", passwordHash).update(`${label}:${expires}`).digest("base64url");
  const isAllowed = (request: IncomingMessage, site: ProtectedSite): boolean => {
    const value = cookieOf(request, cookieName);
    const [expires = "", signature = ""] = value?.split(".") ?? [];
    if (!/^\d+$/.test(expires) || Number(expires) * 1000 < Date.now()) return false;
    const [given, wanted] = [Buffer.from(signature), Buffer.from(sign(site, expires))];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  const enter = async (request: IncomingMessage, response: ServerResponse, site: ProtectedSite, ip: string): Promise<void> => {
    const form = new URLSearchParams(await readForm(request));
    const to = safePath(form.get("path"));
    try {
      await limits.count({ key: `site-password:${site.label}:${rateLimitNetwork(ip)}`, ...attempts });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "rate_limited") throw error;
      return sendForm(response, 429, to, "Too many attempts. Try again in some minutes.");
    }
    if (!(await verify(site.passwordHash, form.get("password") ?? ""))) return sendForm(response, 403, to, "The password is wrong.");
    const expires = String(Math.floor(Date.now() / 1000) + lifetimeSeconds);
    const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${lifetimeSeconds}${isSecure ? "; Secure" : ""}`;
    response
      .writeHead(303, {
        location: to,
        "set-cookie": `${cookieName}=${expires}.${sign(site, expires)}; ${attributes}`,
        "cache-control": "no-store",
      })
      .end();
  };
  return {
    isAllowed,
    /** Whether the request was answered: with the form, or because it sends the form. */
    handle: async (request: IncomingMessage, response: ServerResponse, site: ProtectedSite, ip: string): Promise<boolean> => {
      const [target = "/"] = (request.url ?? "/").split("?");
      if (target === path && request.method === "POST") {
        await enter(request, response, site, ip);
        return true;
      }
      if (isAllowed(request, site)) return false;
      const isPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
      if (isPage) sendForm(response, 401, safePath(request.url));
      else sendText(response, 401, "This site needs a password.");
      return true;
    },
  };
}

const cookieOf = (request: IncomingMessage, name: string): string | undefined =>
  request.headers.cookie
    ?.split(";")
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** A path of the same site; `//` and `\` would lead to another one. */
const safePath = (given: string | null | undefined): string => (given && /^\/(?![/\\])[^\s\\]*$/.test(given) ? given : "/");

async function readForm(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > maxFormBytes) return "";
  }
  return text;
}

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function sendForm(response: ServerResponse, status: number, to: string, problem?: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  }).end(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Password</title><style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}
form{width:min(20rem,90vw);display:grid;gap:.75rem}h1{font-size:1.15rem;margin:0}label{display:grid;gap:.25rem}p{margin:0;color:light-dark(#ac2724,#f7958a)}
input,button{font:inherit;min-height:44px;padding:0 .75rem;border-radius:6px;border:1px solid color-mix(in srgb,CanvasText 45%,transparent);background:none;color:inherit}button{cursor:pointer}
</style></head><body><main><form method="post" action="${path}"><h1>This site needs a password</h1>
<input type="hidden" name="path" value="${escape(to)}"><label>Password<input type="password" name="password" autocomplete="current-password" required autofocus${
    problem ? ' aria-invalid="true" aria-describedby="problem"' : ""
  }></label>${problem ? `<p id="problem" role="alert">${escape(problem)}</p>` : ""}<button>Open</button></form></main></body></html>
`);
}
