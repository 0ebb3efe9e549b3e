import { badRequest } from "../../../platform/errors.ts";

/** Whether http is allowed for a host. */
export type AllowsPlain = (url: URL) => boolean;

/**
 * Normalizes a repository URL: https, or http for a host that the operator allows; SSH forms become https; credentials, query and fragment
 * are removed. Throws `invalid_repo_url`.
 */
export function repositoryUrl(given: string, allowsPlain: AllowsPlain): string {
  const text = given.trim();
  const ssh = /^(?:ssh:\/\/)?git@([\w.-]+)(?::|\/)(?!\/)(.+)$/.exec(text);
  const url = URL.parse(ssh ? `https://${ssh[1]}/${ssh[2]}` : text);
  if (url?.protocol === "http:" && !allowsPlain(url))
    throw badRequest(
      `Enter an https:// URL. The operator can allow http:// for ${url.host} with OUTBOUND_ALLOW_HOSTS.`,
      "invalid_repo_url",
    );
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw badRequest("Enter the https:// URL of a repository.", "invalid_repo_url");
  const path = url.pathname.replace(/\/+$/, "");
  const plain = decoded(path);
  if (path === "" || plain === undefined || /[\0-\x20\x7f]/.test(plain))
    throw badRequest("This is not the URL of a repository.", "invalid_repo_url");
  return `${url.origin}${path}`;
}

/** Owner (at GitLab including all groups) and name; null when the path has another form. */
export function ownerAndName(url: string): { owner: string | null; name: string | null } {
  const segments = (URL.parse(url)?.pathname ?? "")
    .split("/")
    .filter(Boolean)
    .map((part) => decoded(part) ?? part);
  const name = segments.pop()?.replace(/\.git$/, "") ?? null;
  return { owner: segments.length > 0 ? segments.join("/") : null, name: name === "" ? null : name };
}

/** Without embedded credentials. */
export const withoutUserInfo = (url: string): string => url.replace(/^(\w+:\/\/)[^/@]*@/, "$1");

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
