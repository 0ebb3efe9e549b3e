import {
  startCloudflare,
  startIdentityProvider,
  startMailServer,
  startNetlify,
  startVercel,
  type CloudflareFake,
  type IdentityProvider,
  type MailServer,
  type NetlifyFake,
  type VercelFake,
} from "@tesslate/testkit";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import { startGitProviders, type GitProviders } from "@tesslate/testkit/git-providers";

/** Fakes of external services on loopback, and the settings of a server that uses all of them. */
export interface Services {
  mails: MailServer;
  /** Sign-in with Google. */
  identity: IdentityProvider;
  netlify: NetlifyFake;
  vercel: VercelFake;
  cloudflare: CloudflareFake;
  gitProviders: GitProviders;
  /** A plain host of repositories. */
  gitHost: GitHost;
  env: Record<string, string>;
  close(): Promise<void>;
}

/** Vercel's consent page. No server responds there: a journey intercepts the request. */
export const vercelConsentUrl = "https://vercel.example/oauth/authorize";

export async function startServices(): Promise<Services> {
  const [mails, identity, netlify, vercel, cloudflare, gitProviders] = await Promise.all([
    startMailServer(),
    startIdentityProvider(),
    startNetlify(),
    startVercel(),
    startCloudflare(),
    startGitProviders(),
  ]);
  const gitHost = await startGitHost({ certificate: gitProviders.certificate });
  return {
    mails,
    identity,
    netlify,
    vercel,
    cloudflare,
    gitProviders,
    gitHost,
    env: {
      ...gitProviders.env,
      OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
      SMTP_HOST: mails.host,
      SMTP_PORT: String(mails.port),
      SMTP_USE_TLS: "false",
      SMTP_SENDER_EMAIL: "studio@example.com",
      GOOGLE_CLIENT_ID: identity.clientId,
      GOOGLE_CLIENT_SECRET: identity.clientSecret,
      GOOGLE_ISSUER: identity.url,
      NETLIFY_API_URL: netlify.apiUrl,
      CLOUDFLARE_API_URL: cloudflare.apiUrl,
      VERCEL_API_URL: vercel.url,
      VERCEL_AUTHORIZE_URL: vercelConsentUrl,
      VERCEL_CLIENT_ID: vercel.oauth.clientId,
      VERCEL_CLIENT_SECRET: vercel.oauth.clientSecret,
    },
    close: async () => {
      await Promise.all([mails, identity, netlify, vercel, cloudflare, gitProviders, gitHost].map((service) => service.close()));
    },
  };
}
