import type { Deployment } from "@tesslate/contract";
import { startCloudflare, startNetlify, startVercel, type CloudflareFake, type NetlifyFake, type VercelFake } from "@tesslate/testkit";
import type { TestApp, TestUser } from "./app.ts";

/** The three fake providers, on loopback. */
export interface DeployProviders extends AsyncDisposable {
  vercel: VercelFake;
  netlify: NetlifyFake;
  cloudflare: CloudflareFake;
  /** Settings that point a server at them. */
  env: Record<string, string>;
  /** Connects a user's accounts at all of them. */
  connect(app: TestApp, user: TestUser): Promise<void>;
}
export async function startDeployProviders(): Promise<DeployProviders> {
  const [vercel, netlify, cloudflare] = await Promise.all([startVercel(), startNetlify(), startCloudflare()]);
  return {
    vercel,
    netlify,
    cloudflare,
    env: { VERCEL_API_URL: vercel.url, NETLIFY_API_URL: netlify.apiUrl, CLOUDFLARE_API_URL: cloudflare.apiUrl },
    connect: async (app, user) => {
      const { save } = app.as(user).deploymentCredentials;
      await save({ body: { provider: "vercel", access_token: vercel.token } });
      await save({ body: { provider: "netlify", access_token: netlify.token } });
      await save({ body: { provider: "cloudflare", access_token: cloudflare.token, metadata: { account_id: cloudflare.accountId } } });
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all([vercel, netlify, cloudflare].map((fake) => fake.close()))),
  };
}

/** The current deployment with its log. */
export async function deploymentNow(app: TestApp, user: TestUser, { id, project_id }: Deployment): Promise<Deployment> {
  const { items } = await app.as(user).deployments.list({ params: { project_id }, query: { include_logs: true } });
  const found = items.find((item) => item.id === id);
  if (!found) throw new Error("deployment not found");
  return found;
}

/** A build without packages: a page, a script, a nested folder and an environment variable. */
export const plainBuild = (version: string) => `
import { mkdirSync, writeFileSync } from "node:fs";
mkdirSync("dist/build", { recursive: true });
mkdirSync("dist/.well-known", { recursive: true });
writeFileSync("dist/index.html", "<!doctype html><title>${version}</title><p>" + process.env.VITE_GREETING);
writeFileSync("dist/build/x.js", "export const version = '${version}';");
writeFileSync("dist/.well-known/security.txt", "Contact: us");
writeFileSync("dist/.env", "LEAK=1");
console.log("secret is", process.env.API_TOKEN);
`;
