import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate, type Certificate } from "../git-host.ts";
import { bitbucket } from "./bitbucket.ts";
import { startProvider, type GitProviderFake } from "./fake.ts";
import { gitea } from "./gitea.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";

export type { Failure, FakeAccount, FakePull, GitProviderFake, NewFakeRepository, ProviderCall } from "./fake.ts";

export interface GitProviders extends AsyncDisposable {
  github: GitProviderFake;
  gitlab: GitProviderFake;
  bitbucket: GitProviderFake;
  gitea: GitProviderFake;
  /** Reuses their certificate for another host. */
  certificate: Certificate;
  /** Settings of a server that uses all four, with their shared certificate. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/**
 * GitHub, GitLab, Bitbucket and Gitea, each as a server on loopback: OAuth, REST API, and repositories over smart HTTP with TLS. Start a
 * server with `env`; the consent pages agree automatically. Browsers must accept the certificate.
 */
export async function startGitProviders(): Promise<GitProviders> {
  const certificate = await makeCertificate();
  const dir = mkdtempSync(join(tmpdir(), "git-providers-"));
  const caFile = join(dir, "ca.pem");
  writeFileSync(caFile, certificate.cert);
  const account = (id: number, login: string) => ({ id, login, name: "Ada Lovelace", email: `${login}@example.org` });
  const fakes = await Promise.all([
    startProvider(github, { certificate, account: account(11, "ada") }),
    startProvider(gitlab, { certificate, account: account(12, "ada.l") }),
    startProvider(bitbucket, { certificate, account: account(13, "ada-bb") }),
    startProvider(gitea, { certificate, account: account(14, "ada-tea") }),
  ]);
  const [hub, lab, bucket, tea] = fakes;
  const close = async () => {
    await Promise.all(fakes.map((fake) => fake.close()));
    rmSync(dir, { recursive: true, force: true });
  };
  const client = (name: string, { clientId, clientSecret }: GitProviderFake) => ({
    [`${name}_CLIENT_ID`]: clientId,
    [`${name}_CLIENT_SECRET`]: clientSecret,
  });
  return {
    github: hub,
    gitlab: lab,
    bitbucket: bucket,
    gitea: tea,
    certificate,
    env: {
      ...client("GITHUB", hub),
      ...client("GITLAB", lab),
      ...client("BITBUCKET", bucket),
      ...client("GITEA", tea),
      GITHUB_BASE_URL: hub.url,
      GITHUB_API_URL: hub.apiUrl,
      GITLAB_BASE_URL: lab.url,
      BITBUCKET_BASE_URL: bucket.url,
      BITBUCKET_API_URL: bucket.apiUrl,
      GITEA_BASE_URL: tea.url,
      OUTBOUND_CA_FILE: caFile,
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
