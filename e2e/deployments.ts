/**
 * Deploys bundled templates to the three providers and to this server, deploys a second version, and rolls back; visitors get the built files, byte for
 * byte. `--whole` deploys both templates to every provider twice and rolls each back; `./studio test` runs the most important part.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Deployment } from "@tesslate/contract";
import { createProject, finished, signUp } from "./account.ts";
import { expect, journey, note, until } from "./journey.ts";
import { fetchPreview } from "./preview.ts";

export default journey(
  { ownServer: "it is killed between two versions", templates: ["static", "react-vite", "nextjs", "node-api"] },
  async (context) => {
    const providers = ["vercel", "netlify", "cloudflare"] as const;
    const { vercel, netlify, cloudflare } = context.services;
    const studio = await context.startStudio({
      VERCEL_API_URL: vercel.url,
      NETLIFY_API_URL: netlify.apiUrl,
      CLOUDFLARE_API_URL: cloudflare.apiUrl,
    });
    const person = await signUp(studio.url, "Deployer");
    const { api } = person;
    const { save } = api.deploymentCredentials;
    await save({ body: { provider: "vercel", access_token: vercel.token } });
    await save({ body: { provider: "netlify", access_token: netlify.token } });
    await save({ body: { provider: "cloudflare", access_token: cloudflare.token, metadata: { account_id: cloudflare.accountId } } });

    /** Waits for the deployment, which must succeed. */
    async function deployed({ task_id, deployment }: { task_id: string | null; deployment: Deployment }): Promise<Deployment> {
      for await (const { data } of api.tasks.events({ params: { task_id: task_id ?? "" } })) if (data.completed_at) break;
      const { items } = await api.deployments.list({ params: { project_id: deployment.project_id }, query: { include_logs: true } });
      const now = items.find(({ id }) => id === deployment.id);
      expect(now?.status === "success" && now.is_live, `${now?.provider}: ${now?.error}\n${now?.logs?.slice(-40).join("\n")}`);
      return now;
    }
    const deploy = async (project_id: string, provider: string, more: object = {}) =>
      deployed(await api.deployments.create({ body: { project_id, provider, deployment_mode: "pre-built", ...more } }));

    /** The built files, as kept on this server. */
    async function builtFiles({ project_id, id }: Deployment): Promise<Map<string, Buffer>> {
      const folder = join(studio.dataDir, "deployments", project_id, id);
      const content = await readFile(join(folder, "content"));
      const list = JSON.parse(await readFile(join(folder, "files.json"), "utf8")) as { path: string; offset: number; size: number }[];
      return new Map(list.map(({ path, offset, size }) => [path, content.subarray(offset, offset + size)]));
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
    /** Loads the page and every script and style that it names. */
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

    /** Deploys a second version everywhere, then rolls back: each time the provider serves exactly that version. */
    async function deployAndRollBack(project_id: string, path: string, change: (before: string) => string): Promise<void> {
      const { items } = await api.deployments.list({ params: { project_id }, query: {} });
      const { content } = await api.files.get({ params: { id: project_id, path } });
      await api.files.put({ params: { id: project_id, path }, body: { content: change(content ?? "") } });
      for (const provider of providers) {
        const first = items.find((item) => item.provider === provider);
        expect(first, `nothing was deployed to ${provider}`);
        const second = await timed(`${provider}, once more`, () => deploy(project_id, provider));
        expect(second.metadata.site_name === first.metadata.site_name, `${provider}: another site`);
        await expectSame(second, provider);
        const back = await timed(`${provider}, back`, async () =>
          deployed(await api.deployments.rollback({ params: { deployment_id: first.id } })),
        );
        await expectSame(back, provider);
        const served = servedBy[provider](back.metadata.site_name ?? "");
        const built = await builtFiles(first);
        for (const [file, data] of built) expect(served.get(file)?.equals(data), `${provider}: ${file} is not that of the first version`);
      }
    }

    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const started = Date.now();
      const result = await work();
      note(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
      return result;
    };

    let react = "";
    let next = "";
    return [
      {
        name: "React + Vite: three providers serve the built files",
        run: async () => {
          react = (await createProject(person, "Shop", "react-vite")).id;
          for (const provider of providers) await expectSame(await timed(provider, () => deploy(react, provider)), provider);
        },
      },
      {
        name: "React + Vite: this server serves it, a second version, and after a rollback the first",
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
          note(`rolled back in ${Date.now() - started} ms`);
        },
      },
      {
        name: "React + Vite: it is live again after a restart of the server",
        run: async () => {
          const { items } = await api.deployments.list({ params: { project_id: react }, query: { provider: "local" } });
          const address = items.find((item) => item.is_live)?.deployment_url ?? "";
          await load(address);
          await studio.kill();
          await studio.restart();
          await person.signIn();
          await load(address);
        },
      },
      ...(context.isWhole
        ? [
            {
              name: "Next.js: a static export for a provider, its own server here, which runs again after a restart",
              run: async () => {
                next = (await createProject(person, "Blog", "nextjs")).id;
                await expectSame(await timed("netlify", () => deploy(next, "netlify")), "netlify");
                const here = await timed("this server", () => deploy(next, "local"));
                await load(here.deployment_url ?? "");
                const config = await api.files.tree({ params: { id: next } });
                expect(!config.entries.some(({ path }) => path.includes("deploy-bak")), "the sources are unchanged");
                await studio.kill();
                await studio.restart();
                await person.signIn();
                await load(here.deployment_url ?? "");
              },
            },
            {
              name: "Next.js: the other two providers serve the built files too",
              run: async () => {
                for (const provider of ["vercel", "cloudflare"] as const)
                  await expectSame(await timed(provider, () => deploy(next, provider)), provider);
              },
            },
            {
              name: "React + Vite and Next.js: a second version to every provider, and a rollback",
              run: async () => {
                await deployAndRollBack(react, "index.html", (before) => before.replace(/<title>.*<\/title>/, "<title>Third</title>"));
                await deployAndRollBack(next, "app/page.tsx", (before) => before.replace(/<h1([^>]*)>/, "<h1$1>Third "));
              },
            },
          ]
        : []),
    ];
  },
);
