import { expect, test } from "vitest";
import type { GitProvider } from "@tesslate/contract";
import { providerOfAddress } from "./provider-of-address.ts";

const provider = (name: GitProvider["name"], base_url: string | null, accounts: string[] = []) =>
  ({ name, base_url, accounts: accounts.map((at) => ({ base_url: at })) }) as GitProvider;
const providers = [
  provider("github", "https://github.com"),
  provider("gitlab", "https://gitlab.com", ["https://code.example.org/gitlab"]),
  provider("git", null, ["https://git.example.org"]),
];

test.each([
  ["https://github.com/a/b.git", "github https://github.com"],
  ["https://code.example.org/gitlab/group/b", "gitlab https://code.example.org/gitlab"],
  ["https://code.example.org/gitlabber/b", "git https://code.example.org"],
  ["https://git.example.org/x", "git https://git.example.org"],
  ["https://github.com.evil.example/a/b", "git https://github.com.evil.example"],
  ["http://github.com/a/b", "none"],
  ["nonsense", "none"],
])("%s belongs to %s", (address, wanted) => {
  const found = providerOfAddress(providers, address);
  expect(found ? `${found.provider.name} ${found.base_url}` : "none").toBe(wanted);
});
