import type { GitProviderDriver } from "../provider.ts";

/** Any other host: a token for git over https, nothing else. */
export const git: GitProviderDriver = {
  name: "git",
  displayName: "Git over HTTPS",
  icon: "git-logo",
  description: "Any other host of repositories, with a token",
  scopes: "",
  // Hosts that look at the token alone take any name.
  gitUser: ({ username }) => username ?? "git",
};
