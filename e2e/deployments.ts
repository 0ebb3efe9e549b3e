/** Bundled templates deployed: to the three providers and to this server, once more, and back; what visitors get is what was built, byte for byte. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Deployment } from "@tesslate/contract";
import { startCloudflare, startNetlify, startVercel } from "@tesslate/testkit";
import { createProject, finished, signUp } from "./account.ts";
import { expect, runJourneys, until } from "./journey.ts";
import { fetchPreview } from "./preview.ts";
import { startStudio } from "./studio.ts";

const [vercel, netlify, cloudflare] = await Promise.all([startVercel(), startNetlify(), startCloudflare()]);
const studio = await startStudio({ VERCEL_API_URL: vercel.url, NETLIFY_API_URL: netlify.apiUrl, CLOUDFLARE_API_URL: cloudflare.apiUrl });
process.on("exit", () => studio.process.kill("SIGTERM"));
const person = await signUp(studio.url, "Deployer");
const { api } = person;
const { save } = api.deploymentCredentials;
await save({ body: { provider: "vercel", access_token: vercel.token } });
await save({ body: { provider: "netlify", access_token: netlify.token } });
await save({ body: { provider: "cloudflare", access_token: cloudflare.token, metadata: { account_id: cloudflare.accountId } } });

/** The deployment at its end, which must be a good one. */
async function deployed({ task_id, deployment }: { task_id: string | null; deployment: Deployment }): Promise<Deployment> {
  for await (const { data } of api.tasks.events({ params: { task_id: task_id ?? "" } })) if (data.completed_at) break;
  const { items } = await api.deployments.list({ params: { project_id: deployment.project_id }, query: { include_logs: true } });
  const now = items.find(({ id }) => id === deployment.id);
  expect(now?.status === "success" && now.is_live, `${now?.provider}: ${now?.error}\n${now?.logs?.slice(-40).join("\n")}`);
  return now;
}
const deploy = async (project_id: string, provider: string, more: object = {}) =>
  deployed(await api.deployments.create({ body: { project_id, provider, deployment_mode: "pre-built", ...more } }));

/** What was built, as it is kept on this server. */
async function builtFiles({ project_id, id }: Deployment): Promise<Map<string, Buffer>> {
  const root = join(studio.dataDir, "deployments", project_id, id, "tree");
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(root.length + 1), await readFile(path));
    }
  return files;
}
const servedBy = {
  vercel: (site: string) => vercel.files(site),
  netlify: (site: string) => netlify.files(site),
  cloudflare: (site: string) => cloudflare.files(site),
};
async function expectSame(version: Deployment, provider: keyof typeof servedBy): Promise<void> {
  const built = await builtFiles(version);
  const served = servedBy[provider](version.metadata.site_name ?? "");
  expect(built.size > 3, `${built.size} files were built`);
  for (const [path, data] of built) expect(served.get(path)?.equals(data), `${provider}: ${path} is not what was built`);
}
/** The page, and every script and style that it names. */
async function load(address: string): Promise<string> {
  const page = await until(
    "the page",
    async () => {
      const answer = await fetchPreview(address, studio.port);
      return answer.status === 200 ? answer : undefined;
    },
    20_000,
  );
  const named = [...page.body.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))[^"]*"/g)].flatMap(([, path]) => path ?? []);
  expect(named.length > 0, `nothing is loaded by ${page.body.slice(0, 300)}`);
  for (const path of named) {
    const { status } = await fetchPreview(new URL(path, address).href, studio.port);
    expect(status === 200, `${path}: ${status}`);
  }
  return page.body;
}

const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const started = Date.now();
  const result = await work();
  console.log(`     ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
};

let react = "";
let next = "";
await runJourneys([
  {
    name: "React + Vite: three providers get what was built",
    run: async () => {
      react = (await createProject(person, "Shop", "react-vite")).id;
      for (const provider of ["vercel", "netlify", "cloudflare"] as const)
        await expectSame(await timed(provider, () => deploy(react, provider)), provider);
    },
  },
  {
    name: "React + Vite: this server serves it, a second version, and the first again within a second",
    run: async () => {
      const one = await timed("first", () => deploy(react, "local"));
      const address = one.deployment_url ?? "";
      const first = await load(address);
      const { content } = await api.files.get({ params: { id: react, path: "index.html" } });
      await api.files.put({
        params: { id: react, path: "index.html" },
        body: { content: (content ?? "").replace(/<title>.*<\/title>/, "<title>Second</title>") },
      });
      await timed("second", () => deploy(react, "local"));
      expect((await load(address)).includes("<title>Second</title>"), "the second version is live");
      const started = Date.now();
      await finished(api, (await api.deployments.rollback({ params: { deployment_id: one.id } })).task_id);
      expect((await fetchPreview(address, studio.port)).body === first, "the first version is live");
      const took = Date.now() - started;
      console.log(`     back in ${took} ms`);
      expect(took < 1000, `${took} ms`);
    },
  },
  {
    name: "Next.js: a static export for a provider, its own server here, which a restart brings back",
    run: async () => {
      next = (await createProject(person, "Blog", "nextjs")).id;
      await expectSame(await timed("netlify", () => deploy(next, "netlify")), "netlify");
      const here = await timed("this server", () => deploy(next, "local"));
      await load(here.deployment_url ?? "");
      const config = await api.files.tree({ params: { id: next } });
      expect(!config.entries.some(({ path }) => path.includes("deploy-bak")), "the sources are as they were");
      await studio.kill();
      await studio.restart();
      await person.signIn();
      await load(here.deployment_url ?? "");
    },
  },
  {
    name: "the server ends in good order",
    run: async () => {
      await studio.close();
      await Promise.all([vercel, netlify, cloudflare].map((fake) => fake.close()));
    },
  },
]);
