import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { access, mkdir, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePort } from "@tesslate/testkit";
import { startDns } from "@tesslate/testkit/dns";
import { findCaddy } from "../../../testing/caddy.ts";
import { ended, projectsApp, setUpProject } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const caddy = await findCaddy();
const closers: (() => PromiseLike<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test.skipIf(caddy === undefined)(
  `Caddy obtains certificates for deployed apps and their domains, and for no other name${caddy === undefined ? " (skipped: needs Caddy or apt-get)" : ""}`,
  { timeout: 180_000 },
  async () => {
    const dns = await startDns();
    closers.push(() => dns[Symbol.asyncDispose]());
    const app = await projectsApp({
      env: { APPS_DOMAIN: "apps.localhost", DOMAIN_TARGET: "198.51.100.7", DNS_SERVERS: dns.address, TRUST_PROXY: "true" },
    });
    closers.push(() => app.close());
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project, container } = await setUpProject(app, ada, "Bakery");
    const put = (path: string, content: string) => api.files.put({ params: { id: project.id, path }, body: { content } });
    await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" }, devDependencies: {} }));
    await put(
      "build.mjs",
      `import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("dist", { recursive: true }); writeFileSync("dist/index.html", "<title>Bakery</title>");`,
    );
    const { task_id } = await api.deployments.create({ body: { project_id: project.id, provider: "local", environment: "production" } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    const [site] = (await api.domains.sites({ params: { id: project.id } })).items;
    const domain = await api.domains.create({
      params: { id: project.id },
      body: { container_id: container.id, hostname: "bakery.example" },
    });
    const [proof] = domain.records;
    dns.records.set(`TXT ${proof?.name}`, [proof?.value ?? ""]);
    await api.domains.check({ params: { id: project.id, domain_id: domain.id } });

    const dir = temporaryFolder("caddy-data");
    await mkdir(dir, { recursive: true });
    const port = await freePort();
    await writeFile(
      join(dir, "Caddyfile"),
      `{
  admin off
  auto_https disable_redirects
  local_certs
  skip_install_trust
  https_port ${port}
  storage file_system ${dir}
  on_demand_tls {
    ask http://127.0.0.1:${app.port}/api/domains/allows-certificate
  }
}
https:// {
  tls {
    on_demand
  }
  reverse_proxy 127.0.0.1:${app.port}
}
`,
    );
    const child = spawn(caddy ?? "", ["run", "--config", join(dir, "Caddyfile"), "--adapter", "caddyfile"], {
      env: { PATH: process.env["PATH"], HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
      stdio: "ignore",
    });
    const exited = once(child, "exit");
    closers.push(async () => {
      child.kill();
      await exited;
    });
    const root = join(dir, "pki/authorities/local/root.crt");
    await expect
      .poll(() =>
        access(root).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const open = (host: string): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const call = request(
          {
            host: "127.0.0.1",
            port,
            servername: host,
            path: "/",
            headers: { host, accept: "text/html" },
            ca: readFileSync(root),
            agent: false,
          },
          async (response) => {
            let text = "";
            for await (const chunk of response.setEncoding("utf8")) text += chunk;
            resolve({ status: response.statusCode ?? 0, text });
          },
        );
        call.once("error", reject).end();
      });
    await expect.poll(() => open(`${site?.name}.apps.localhost`).catch(String)).toMatchObject({ status: 200 });
    expect((await open("bakery.example")).text).toContain("Bakery");
    await expect(open("unknown.example")).rejects.toThrow();
    await expect(open("nobody.apps.localhost")).rejects.toThrow();
    await api.domains.remove({ params: { id: project.id, domain_id: domain.id } });
    expect((await open("bakery.example")).text).not.toContain("Bakery");
  },
);
