import { expect, test } from "vitest";
import type { GitProviderFake } from "@tesslate/testkit/git-providers";
import { gitProviderCases } from "../../../testing/git-provider-cases.ts";

const cases = gitProviderCases(["gitlab", "bitbucket", "gitea", "github"]);
const { api, of, connect } = cases;

test.each(["gitlab", "gitea", "github"] as const)("a self-hosted %s beside the default one", async (name) => {
  const fake: GitProviderFake = cases.world[name];
  const params = { provider: name };
  await connect(name);
  const own = fake.url.replace("localhost", "127.0.0.1");
  for (const base_url of ["https://user@127.0.0.1", "https://127.0.0.1/?q", "nonsense", "file:///etc"])
    await expect(api().connect({ params, body: { token: "x", base_url } })).rejects.toMatchObject({ status: 400, code: "bad_request" });
  for (const base_url of ["http://127.0.0.1:1", "https://10.0.0.1", "https://169.254.169.254", "https://[::1]:1"])
    await expect(api().connect({ params, body: { token: "x", base_url } })).rejects.toMatchObject({
      status: 400,
      code: "outbound_refused",
    });
  await expect(api().connect({ params, body: { base_url: own } })).rejects.toMatchObject({ status: 503, code: "oauth_not_configured" });
  await api().connect({ params, body: { token: fake.personalToken(), base_url: `${own}/` } });
  expect((await of(name)).accounts.map(({ base_url, kind }) => [base_url, kind])).toEqual([
    [fake.url, "oauth"],
    [own, "token"],
  ]);
  // Its next-page link points to another address: the token is not sent there.
  const before = fake.calls.length;
  const walk = api().repos({ params, query: { base_url: own } });
  if (name === "gitlab") expect((await walk).total).toBeGreaterThan(100);
  else await expect(walk).rejects.toMatchObject({ status: 502 });
  for (const { headers } of fake.calls.slice(before)) expect(headers.host).toBe(new URL(own).host);
  await api().disconnect({ params, query: { base_url: own } });
  expect((await of(name)).accounts.map(({ base_url }) => base_url)).toEqual([fake.url]);
});
