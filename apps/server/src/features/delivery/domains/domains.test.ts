import { afterAll, beforeAll, expect, test } from "vitest";
import type { Domain } from "@tesslate/contract";
import { startDns, type DnsFake } from "@tesslate/testkit/dns";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, visitHost, type ProjectsApp } from "../../../testing/projects.ts";

const here = "198.51.100.7";
const page = { accept: "text/html,*/*;q=0.8" };

let dns: DnsFake;
let app: ProjectsApp;
let ada: TestUser;
let bob: TestUser;
let shop: Deployed;
let other: Deployed;
beforeAll(async () => {
  dns = await startDns();
  app = await projectsApp({ env: { APPS_DOMAIN: "apps.localhost", DOMAIN_TARGET: `edge.example.net,${here}`, DNS_SERVERS: dns.address } });
  [ada, bob] = [await app.signUp(), await app.signUp()];
  [shop, other] = await Promise.all([deployed(ada, "Bakery"), deployed(bob, "Other")]);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await dns?.[Symbol.asyncDispose]();
});

type Deployed = Awaited<ReturnType<typeof deployed>>;
/** A project with a page that is deployed on this server. */
async function deployed(user: TestUser, text: string) {
  const { project, container } = await setUpProject(app, user, text);
  const api = app.as(user);
  const put = (path: string, content: string) => api.files.put({ params: { id: project.id, path }, body: { content } });
  await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" }, devDependencies: {} }));
  await put(
    "build.mjs",
    `import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("dist", { recursive: true }); writeFileSync("dist/index.html", "<title>${text}</title>");`,
  );
  const { task_id } = await api.deployments.create({ body: { project_id: project.id, provider: "local", environment: "production" } });
  expect(await ended(app, user, task_id)).toMatchObject({ status: "completed" });
  const params = { id: project.id };
  const site = async () => (await api.domains.sites({ params })).items[0]!;
  const add = (hostname: string) => api.domains.create({ params, body: { container_id: container.id, hostname } });
  const at = (domain: Pick<Domain, "id">) => ({ ...params, domain_id: domain.id });
  return { project, container, params, api, site, add, at };
}
const open = (host: string, path = "/") => visitHost(app, host).fetch(path, { headers: page });
const certificate = async (domain: string) => (await app.request(`/api/domains/allows-certificate?domain=${domain}`)).status;
const prove = ({ records }: Domain) => dns.records.set(`TXT ${records[0]!.name}`, [records[0]!.value]);

test("a deployed app has a short name, which its owner changes; the former one is free again", async () => {
  const { name, url } = await shop.site();
  expect(url).toMatch(new RegExp(`^http://${name}\\.apps\\.localhost:\\d+$`));
  expect((await open(`${name}.apps.localhost`)).text).toContain("Bakery");
  const [deployment] = (await shop.api.deployments.list({ params: { project_id: shop.project.id }, query: {} })).items;
  expect(deployment?.deployment_url).toBe(url);
  expect(await certificate(`${name}.apps.localhost`)).toBe(200);

  const params = { ...shop.params, container_id: shop.container.id };
  const renamed = await shop.api.domains.updateSite({ params, body: { name: "bakery-one" } });
  expect(renamed).toMatchObject({ name: "bakery-one", url: url.replace(name, "bakery-one"), public_url: renamed.url, has_password: false });
  expect((await open("bakery-one.apps.localhost")).text).toContain("Bakery");
  expect((await open(`${name}.apps.localhost`)).status).toBe(404);
  expect(await certificate(`${name}.apps.localhost`)).toBe(404);

  const rename = (to: string) =>
    other.api.domains.updateSite({ params: { ...other.params, container_id: other.container.id }, body: { name: to } });
  await expect(rename("bakery-one")).rejects.toMatchObject({ status: 409, code: "site_name_taken" });
  await expect(rename("admin")).rejects.toMatchObject({ status: 409, code: "site_name_taken" });
  await expect(rename("Not a name")).rejects.toMatchObject({ status: 422 });
  expect(await rename(name)).toMatchObject({ name });
});

test("a name is checked before a deployment, by the rule that deployments and renames apply", async () => {
  const { name: taken } = await other.site();
  const check = (name: string, container_id?: string) =>
    shop.api.domains.checkName({ params: shop.params, query: { name, ...(container_id !== undefined && { container_id }) } });
  expect(await check(" Bread-Class ")).toEqual({ name: "bread-class", problem: null, detail: null, suggestion: null });
  expect(await check(taken)).toMatchObject({
    problem: "taken",
    detail: "This name is taken. Choose another one.",
    suggestion: `${taken}-app`,
  });
  expect(await check("admin")).toMatchObject({ problem: "reserved", suggestion: "admin-app" });
  expect(await check("Bread  class!")).toMatchObject({ problem: "invalid", suggestion: "bread-class" });
  expect(await check("ab")).toMatchObject({ problem: "invalid", suggestion: "ab-app" });
  expect(await check("x".repeat(80))).toMatchObject({ problem: "invalid", suggestion: "x".repeat(57) });
  const own = (await shop.site()).name;
  expect(await check(own)).toMatchObject({ problem: "taken" });
  expect(await check(own, shop.container.id)).toMatchObject({ problem: null });

  const path = (query: string) => `/api/projects/${shop.project.id}/site-name?${query}`;
  await expect(other.api.domains.checkName({ params: shop.params, query: { name: "bread" } })).rejects.toMatchObject({ status: 404 });
  expect((await app.request(path("name=bread"))).status).toBe(401);
  await expect(check("")).rejects.toMatchObject({ status: 422 });
});

test(
  "an own domain is served once it is proven; www redirects, and the primary domain gets the visitors of the short name",
  { timeout: 60_000 },
  async () => {
    const { name } = await shop.site();
    const domain = await shop.add(" Cakes.Example.COM. ");
    expect(domain).toMatchObject({ hostname: "cakes.example.com", state: "pending", counterpart: null, is_primary: false });
    expect(domain.records).toMatchObject([
      {
        type: "TXT",
        name: "_studio-challenge.cakes.example.com",
        value: expect.stringMatching(/^studio-verification=\w{32}$/),
        is_found: false,
      },
      { type: "CNAME", name: "cakes.example.com", value: "edge.example.net", is_found: false },
    ]);
    expect([await certificate("cakes.example.com"), (await open("cakes.example.com")).status]).toEqual([404, 400]);

    prove(domain);
    const proven = await shop.api.domains.check({ params: shop.at(domain) });
    expect(proven).toMatchObject({ state: "misdirected", problem: "The domain does not lead to this server yet." });
    expect([await certificate("cakes.example.com"), (await open("cakes.example.com")).text]).toEqual([
      200,
      expect.stringContaining("Bakery"),
    ]);
    dns.records.set("CNAME cakes.example.com", ["edge.example.net"]);
    expect(await shop.api.domains.check({ params: shop.at(domain) })).toMatchObject({ state: "active", problem: null });

    // An apex domain has addresses, and its www.
    const apex = await shop.add("cakes.org");
    expect(apex.records.map(({ type, name: at, value }) => [type, at, value]).slice(1)).toEqual([
      ["A", "cakes.org", here],
      ["CNAME", "www.cakes.org", "edge.example.net"],
    ]);
    prove(apex);
    dns.records.set("A cakes.org", [here]);
    expect(await shop.api.domains.check({ params: shop.at(apex) })).toMatchObject({
      state: "active",
      problem: "www.cakes.org does not lead to this server yet.",
    });
    await shop.api.domains.update({ params: shop.at(apex), body: { is_primary: true } });
    expect((await shop.site()).public_url).toMatch(/^http:\/\/cakes\.org:\d+$/);
    const redirect = async (host: string) => (await open(host, "/a?b=c")).headers.location;
    const to = expect.stringMatching(/^http:\/\/cakes\.org:\d+\/a\?b=c$/);
    expect([await redirect("www.cakes.org"), await redirect("cakes.example.com"), await redirect(`${name}.apps.localhost`)]).toEqual([
      to,
      to,
      to,
    ]);
    expect((await open("cakes.org")).text).toContain("Bakery");

    await shop.api.domains.remove({ params: shop.at(apex) });
    expect((await open(`${name}.apps.localhost`)).text).toContain("Bakery");
    expect([await certificate("cakes.org"), (await open("www.cakes.org")).status]).toEqual([404, 400]);
  },
);

test("a claim blocks nobody: who proves the domain has it, as long as the proof is there", async () => {
  const [first, second] = [shop, other];
  const claim = await first.add("fight.example.com");
  const own = await second.add("fight.example.com");
  prove(own);
  expect(await second.api.domains.check({ params: second.at(own) })).toMatchObject({ state: "misdirected" });
  expect((await open("fight.example.com")).text).toContain("Other");
  // Both proofs at once: the first keeps it.
  dns.records.set(`TXT ${own.records[0]!.name}`, [own.records[0]!.value, claim.records[0]!.value]);
  expect(await first.api.domains.check({ params: first.at(claim) })).toMatchObject({
    state: "pending",
    problem: expect.stringMatching(/^Another project/),
  });
  prove(claim);
  expect(await first.api.domains.check({ params: first.at(claim) })).toMatchObject({ state: "misdirected" });
  expect((await open("fight.example.com")).text).toContain("Bakery");
  expect((await second.site()).domains).toMatchObject([{ hostname: "fight.example.com", state: "pending" }]);
});

test("the job checks what is due", async () => {
  const domain = await shop.add("due.example.com");
  prove(domain);
  const { pool } = app.studio.database;
  await pool.query("update domains set next_check_at = now() where id = $1", [domain.id]);
  await pool.query("select graphile_worker.add_job('check_domains', '{}')");
  await expect.poll(async () => (await shop.site()).domains.find(({ id }) => id === domain.id)?.state).toBe("misdirected");
});

test.each([
  ["no domain", "localhost"],
  ["an address", "192.0.2.1"],
  ["a registry", "co.uk"],
  ["a name of this server", "x.apps.localhost"],
  ["a wildcard", "*.example.com"],
  ["a URL", "https://example.com/x"],
])("%s is refused", async (_, hostname) => {
  await expect(shop.add(hostname)).rejects.toMatchObject({ status: 400, code: "bad_domain" });
});

test("international names, and the same domain twice", async () => {
  expect(await shop.add("bäckerei.example")).toMatchObject({
    hostname: "xn--bckerei-5wa.example",
    counterpart: "www.xn--bckerei-5wa.example",
  });
  await expect(shop.add("BÄCKEREI.example")).rejects.toMatchObject({ status: 409, code: "domain_exists" });
});

test(
  "a password: visitors see a form first, the cookie opens only this site, and a new password signs them out",
  { timeout: 60_000 },
  async () => {
    const setPassword = (of: typeof shop, password: string | null) =>
      of.api.domains.updateSite({ params: { ...of.params, container_id: of.container.id }, body: { password } });
    expect(await setPassword(shop, "open sesame")).toMatchObject({ has_password: true });
    await setPassword(other, "open sesame");
    const host = `${(await shop.site()).name}.apps.localhost`;
    const visit = visitHost(app, host);
    const form = await visit.fetch("/a", { headers: page });
    expect([form.status, form.text.includes("Bakery"), form.headers["cache-control"]]).toEqual([401, false, "no-store"]);
    expect((await visit.fetch("/data.json", {})).status).toBe(401);
    const enter = (password: string, path = "/index.html") =>
      visit.fetch("/__studio/password", {
        method: "POST",
        body: new URLSearchParams({ password, path }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    expect(await enter("wrong")).toMatchObject({ status: 403, text: expect.stringContaining("The password is wrong.") });
    expect((await enter("open sesame", "//evil.example")).headers.location).toBe("/");
    const entered = await enter("open sesame");
    expect(entered).toMatchObject({ status: 303, headers: { location: "/index.html" } });
    const cookie = entered.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    expect((await visitHost(app, host, cookie).fetch("/", { headers: page })).text).toContain("Bakery");
    expect((await visitHost(app, `${(await other.site()).name}.apps.localhost`, cookie).fetch("/", { headers: page })).status).toBe(401);
    await setPassword(shop, "another one");
    expect((await visitHost(app, host, cookie).fetch("/", { headers: page })).status).toBe(401);
    await setPassword(shop, null);
    expect((await open(host)).text).toContain("Bakery");
  },
);

test(
  "a stranger gets 404, an anonymous caller 401, a bad body 422, and without a deployment there is no site",
  { timeout: 60_000 },
  async () => {
    const domain = await shop.add("mine.example.com");
    const stranger = app.as(bob).domains;
    const params = shop.at(domain);
    const site = { ...shop.params, container_id: shop.container.id };
    const calls = [
      () => stranger.sites({ params: shop.params }),
      () => stranger.updateSite({ params: site, body: { name: "stolen-name" } }),
      () => stranger.create({ params: shop.params, body: { container_id: shop.container.id, hostname: "x.example.com" } }),
      () => stranger.check({ params }),
      () => stranger.update({ params, body: { is_primary: true } }),
      () => stranger.remove({ params }),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ status: 404 });
    await expect(app.as().domains.sites({ params: shop.params })).rejects.toMatchObject({ status: 401 });
    await expect(shop.api.domains.update({ params, body: {} })).rejects.toMatchObject({ status: 400, code: "nothing_to_change" });
    await expect(shop.add("")).rejects.toMatchObject({ status: 422 });
    const { project, container } = await setUpProject(app, ada, "Never deployed");
    expect((await app.as(ada).domains.sites({ params: { id: project.id } })).items).toEqual([]);
    const early = { container_id: container.id, hostname: "early.example.com" };
    await expect(app.as(ada).domains.create({ params: { id: project.id }, body: early })).rejects.toMatchObject({ status: 404 });
  },
);
