import { badRequest } from "../../../platform/errors.ts";

/** Whether a host that the operator named may be spoken to without TLS. */
export type AllowsPlain = (url: URL) => boolean;

/**
 * The address of a repository as it is stored (agent-git-deploy 5.2): https, or http of a host that the operator named; the forms of SSH
 * turned into https, user information, query and fragment removed. Throws `invalid_repo_url`.
 */
export function repositoryUrl(given: string, allowsPlain: AllowsPlain): string {
  const text = given.trim();
  const ssh = /^(?:ssh:\/\/)?git@([\w.-]+)(?::|\/)(?!\/)(.+)$/.exec(text);
  const url = URL.parse(ssh ? `https://${ssh[1]}/${ssh[2]}` : text);
  if (url?.protocol === "http:" && !allowsPlain(url))
    throw badRequest(
      `Enter an https:// address. The operator of this server can allow http:// for ${url.host} with OUTBOUND_ALLOW_HOSTS.`,
      "invalid_repo_url",
    );
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw badRequest("Give the https:// address of a repository.", "invalid_repo_url");
  const path = url.pathname.replace(/\/+$/, "");
  const plain = decoded(path);
  if (path === "" || plain === undefined || /[\0-\x20\x7f]/.test(plain))
    throw badRequest("This is not the address of a repository.", "invalid_repo_url");
  return `${url.origin}${path}`;
}

/** Owner (of GitLab with all groups) and name; null where the path has another form. */
export function partsOf(url: string): { owner: string | null; name: string | null } {
  const segments = (URL.parse(url)?.pathname ?? "")
    .split("/")
    .filter(Boolean)
    .map((part) => decoded(part) ?? part);
  const name = segments.pop()?.replace(/\.git$/, "") ?? null;
  return { owner: segments.length > 0 ? segments.join("/") : null, name: name === "" ? null : name };
}

/** Without credentials that somebody put into it. */
export const withoutUserInfo = (url: string): string => url.replace(/^(\w+:\/\/)[^/@]*@/, "$1");

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
