import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloudflare, startNetlify, startVercel, type CloudflareFake, type NetlifyFake, type VercelFake } from "@tesslate/testkit";
import { createOutbound, type Outbound } from "../../../../platform/outbound.ts";
import type { Artifact, Credential, DeployRequest, ProviderAdapter, RemoteState, SiteRef } from "./provider.ts";
import { ProviderError } from "./client.ts";
import { createCloudflare } from "./cloudflare.ts";
import { createNetlify } from "./netlify.ts";
import { createVercel } from "./vercel.ts";

const retry = { tries: 4, firstMs: 5, maxWaitMs: 3000 };

function toArtifact(files: Record<string, string | Buffer>): Artifact {
  const list = Object.entries(files).map(([path, content]) => {
    const bytes = Buffer.from(content);
    const digest = (name: string) => createHash(name).update(bytes).digest("hex");
    return { path, size: bytes.length, sha1: digest("sha1"), sha256: digest("sha256"), mode: 0o644, open: () => Readable.from([bytes]) };
  });
  return { files: list, totalBytes: list.reduce((sum, { size }) => sum + size, 0) };
}
const site = {
  "index.html": "<!doctype html><title>Hello</title>",
  "assets/app.js": "export const a = 1;\n",
  "dist/build/x.js": "nested",
  ".well-known/security.txt": "Contact: mailto:a@example.org\n",
  "a b/ü+%.txt": "odd name",
  "copy.js": "export const a = 1;\n",
  empty: "",
};
const contentOf = (files: Map<string, Buffer>) => Object.fromEntries([...files].map(([path, bytes]) => [path, bytes.toString()]));

interface Recorded {
  lines: string[];
  known: { remoteId?: string; site?: SiteRef; url?: string }[];
}
const recorded: Recorded = { lines: [], known: [] };
function requestOf(credential: Credential, more: Partial<DeployRequest> = {}): DeployRequest {
  recorded.lines = [];
  recorded.known = [];
  return {
    projectId: "p",
    containerId: "c",
    deploymentId: randomBytes(8).toString("hex"),
    environment: "production",
    name: `shop-${randomBytes(4).toString("hex")}`,
    mode: "pre-built",
    framework: "vite",
    env: {},
    artifact: toArtifact(site),
    spaFallback: false,
    credential,
    log: (line) => void recorded.lines.push(line),
    signal: new AbortController().signal,
    remember: async (known) => void recorded.known.push(known),
    ...more,
  };
}
async function ended(target: ProviderAdapter, credential: Credential, remoteId: string): Promise<RemoteState> {
  for (let i = 0; i < 20; i++) {
    const state = await target.state(credential, remoteId);
    if (state.state !== "deploying") return state;
  }
  throw new Error("no end");
}
const failureOf = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
};

let outbound: Outbound;
beforeAll(() => {
  outbound = createOutbound({ allowHosts: ["127.0.0.1"] });
});
afterAll(() => outbound.close());

describe("vercel", () => {
  let fake: VercelFake;
  let target: ProviderAdapter;
  let credential: Credential;
  beforeAll(async () => {
    fake = await startVercel();
    target = createVercel({ baseUrl: fake.url, outbound, retry });
    credential = { token: fake.token, metadata: {} };
  });
  afterAll(() => fake.close());

  it("sets variables, uploads missing files and disables the build", async () => {
    const request = requestOf(credential, { env: { VITE_API: "https://x", KEY: "s3cret" } });
    const { remoteId, site: made, url } = await target.submit(request);
    const deployment = fake.deployment(remoteId);
    expect(deployment.settings).toEqual({ framework: null, buildCommand: null, outputDirectory: null, installCommand: null });
    expect(deployment.env).toEqual({ VITE_API: "https://x", KEY: "s3cret" });
    expect(url).toBe(`https://${deployment.url}`);
    // Vercel requires a login for generated URLs, but not for the production alias.
    expect(await ended(target, credential, remoteId)).toMatchObject({ state: "success", url: `https://${made.name}.vercel.app` });
    expect(contentOf(fake.files(made.name))).toEqual(site);
    // Two of them have the same content.
    expect(fake.calls.filter(({ call }) => call === "POST /v2/files")).toHaveLength(6);
    expect(recorded.known).toEqual([{ site: made }, { remoteId, site: made, url }]);
    expect(recorded.lines.join("\n")).not.toMatch(/s3cret|tok_/);

    // The next one reuses the project and uploads only new files.
    fake.calls.length = 0;
    const next = await target.submit(
      requestOf(credential, { name: "other", site: made, artifact: toArtifact({ ...site, "new.txt": "n" }) }),
    );
    expect(next.site.id).toBe(made.id);
    expect(fake.calls.filter(({ call }) => call === "POST /v2/files")).toHaveLength(1);
    expect((await ended(target, credential, next.remoteId)).state).toBe("success");
    expect(fake.project(made.name)?.live).toBe(next.remoteId);
    expect(await target.promote?.(credential, made, remoteId)).toEqual({ url: `https://${made.name}.vercel.app` });
    expect(fake.project(made.name)?.live).toBe(remoteId);
    await target.remove(credential, next.remoteId, "production");
    await target.remove(credential, next.remoteId, "production");
    expect(await target.state(credential, next.remoteId)).toMatchObject({ state: "failed" });
  });

  it("lets Vercel build in source mode and rewrites routes to index.html", async () => {
    const source = requestOf(credential, { mode: "source", framework: "react", buildCommand: "npm run build", outputDirectory: "build" });
    const { remoteId } = await target.submit(source);
    expect(fake.deployment(remoteId).settings).toEqual({
      framework: "create-react-app",
      buildCommand: "npm run build",
      outputDirectory: "build",
    });
    const spa = await target.submit(requestOf(credential, { spaFallback: true }));
    await ended(target, credential, spa.remoteId);
    const address = await fake.openSite(spa.site.name);
    expect(await (await fetch(`${address}/some/route`)).text()).toBe(site["index.html"]);
  });

  it("reports a failed build with Vercel's log", async () => {
    fake.plan({ error: "Command exited with 1", lines: ["npm run build", "Error: no such file"], polls: 3 });
    const { remoteId } = await target.submit(requestOf(credential));
    expect(await ended(target, credential, remoteId)).toMatchObject({ state: "failed", error: "Command exited with 1" });
    expect(await target.logs(credential, remoteId)).toEqual(["[stdout] npm run build", "[stderr] Error: no such file"]);
    fake.plan({});
  });

  it("never reuses another project and uses the selected team", async () => {
    fake.teams.push({ id: "team_1", name: "Crew", slug: "crew" });
    const ofTeam = { ...credential, metadata: { team_id: "team_1" } };
    const request = requestOf(ofTeam);
    fake.occupy(request.name, "team_1");
    const { site: made } = await target.submit(request);
    expect(made.name).toBe(`${request.name}-2`);
    expect(fake.project(made.name, "team_1")?.id).toBe(made.id);
    expect(fake.project(request.name)).toBeUndefined();
    expect(await target.check(ofTeam)).toMatchObject({
      valid: true,
      info: { project_count: 2, team_id: "team_1", teams: [{ id: "team_1", name: "Crew" }] },
    });
    expect(await target.check({ token: "tok_wrong", metadata: {} })).toMatchObject({ valid: false });
    expect(await target.check({ token: fake.token, metadata: { team_id: "team_2" } })).toMatchObject({ valid: false });
  });

  it("respects Retry-After, retries and creates nothing twice when a response is lost", async () => {
    const limited = { status: 429, body: { error: { code: "rate_limited", message: "slow down" } } };
    fake.trouble({ on: /GET \/v10\/projects$/, reply: { ...limited, headers: { "retry-after": "1" } } });
    const started = Date.now();
    expect((await target.check(credential)).valid).toBe(true);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);

    fake.trouble({ on: /POST \/v13\/deployments$/, after: true, reply: { status: 502, body: "bad gateway" } });
    fake.trouble({ on: /POST \/v2\/files$/, cutAfterBytes: 1 });
    fake.trouble({ on: /POST \/v2\/files$/, reply: { status: 503, body: {} } });
    const before = fake.deployments.length;
    const { remoteId, site: made } = await target.submit(
      requestOf(credential, { artifact: toArtifact({ "index.html": randomBytes(200_000) }) }),
    );
    expect(fake.deployments.length).toBe(before + 1);

    // The server ended after the upload and resumes.
    const again = requestOf(credential, { site: made, deploymentId: fake.deployment(remoteId).meta["studioDeploymentId"] ?? "" });
    expect((await target.submit(again)).remoteId).toBe(remoteId);
    expect((await target.submit({ ...again, remoteId })).remoteId).toBe(remoteId);
    expect(fake.deployments.length).toBe(before + 1);

    // Longer than the limit: reported at once.
    const far = { ...limited, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + 600) } };
    fake.trouble({ on: /GET \/v13/, reply: far });
    const error = await failureOf(target.state(credential, remoteId));
    expect(error).toMatchObject({ kind: "busy", status: 429 });
    expect(error.retryAfterMs).toBeGreaterThan(500_000);
    expect(error.message).toBe("Vercel rate limit reached for the next 10 min: slow down");
  });

  it("omits the token from error messages and stops on abort", async () => {
    fake.trouble({
      on: /POST \/v11/,
      reply: { status: 402, body: { error: { code: "x", message: `no money on ${fake.token}\nat all` } } },
    });
    const error = await failureOf(target.submit(requestOf(credential)));
    expect(error.message).toBe("Vercel refused (402): no money on [secret] at all");
    expect(await failureOf(target.submit(requestOf(credential, { env: { VERCEL_X: "1" } })))).toMatchObject({
      message: expect.stringContaining("VERCEL_X") as string,
    });
    const ending = new AbortController();
    fake.trouble({ on: /POST \/v11/, times: 9, reply: { status: 503, body: {}, headers: { "retry-after": "2" } } });
    const work = target.submit(requestOf(credential, { signal: ending.signal }));
    setTimeout(() => ending.abort(new Error("stopped")), 50);
    await expect(work).rejects.toThrow();
    fake.settle();
    fake.tokens.delete(fake.token);
    expect(await failureOf(target.state(credential, "dpl_x"))).toMatchObject({ kind: "forbidden" });
    fake.tokens.add(fake.token);
  });

  it("attaches a domain or logs why not", async () => {
    fake.foreignDomains.add("taken.example.org");
    const first = await target.submit(requestOf(credential, { customDomain: "shop.example.org" }));
    expect(recorded.lines.join("\n")).toContain("TXT _vercel.shop.example.org vc-domain-verify=1");
    await target.submit(requestOf(credential, { site: first.site, customDomain: "shop.example.org" }));
    expect(recorded.lines.join("\n")).toContain("now points to this project");
    await target.submit(requestOf(credential, { customDomain: "taken.example.org" }));
    expect(recorded.lines.join("\n")).toContain("in use by another account");
  });

  it("calls only published Vercel operations, and all of them", async () => {
    const { site: made } = await target.submit(requestOf(credential, { env: { SHARED: "1" } }));
    const shared = fake.project(made.name)?.env.find(({ key }) => key === "SHARED");
    shared?.target.push("preview");
    await target.submit(requestOf(credential, { site: made, env: { SHARED: "2" } }));
    expect(fake.project(made.name)?.env.map(({ value, target: targets }) => [value, targets])).toEqual([
      ["1", ["preview"]],
      ["2", ["production"]],
    ]);
    process.stdout.write(`${fake.published.summary()}\n`);
    expect(fake.published.violations).toEqual([]);
    // Tested in deployment-oauth.
    expect(fake.published.missing()).toEqual(["GET /v2/user", "GET /v2/teams/{teamId}"]);
  });
});

describe("netlify", () => {
  let fake: NetlifyFake;
  let target: ProviderAdapter;
  let credential: Credential;
  beforeAll(async () => {
    fake = await startNetlify();
    target = createNetlify({ baseUrl: fake.apiUrl, outbound, retry });
    credential = { token: fake.token, metadata: {} };
  });
  afterAll(() => fake.close());

  it("uploads by digest, picks the next free name and reuses the site", async () => {
    const request = requestOf(credential, { env: { A: "1" }, spaFallback: true });
    fake.foreignNames.add(request.name);
    const { remoteId, site: made, url } = await target.submit(request);
    expect(made.name).toBe(`${request.name}-2`);
    expect(url).toBe(`https://${made.name}.netlify.app`);
    expect(await ended(target, credential, remoteId)).toMatchObject({ state: "success", url });
    expect(contentOf(fake.files(made.name))).toEqual({ ...site, _redirects: "/* /index.html 200\n" });
    expect(recorded.lines.join("\n")).toContain("Environment variables");
    expect(await (await fetch(`${await fake.openSite(made.name)}/deep/route`)).text()).toBe(site["index.html"]);

    const count = fake.uploads;
    const next = await target.submit(requestOf(credential, { site: made, artifact: toArtifact({ ...site, "new.txt": "new" }) }));
    expect(next.site.id).toBe(made.id);
    expect(fake.uploads).toBe(count + 1);
    await ended(target, credential, next.remoteId);
    await target.promote?.(credential, made, remoteId);
    expect(fake.sites.find(({ id }) => id === made.id)?.live).toBe(remoteId);
    expect(await target.logs(credential, next.remoteId)).toEqual(["[state] ready", "[deploy_time] 3 s"]);
    await target.remove(credential, next.remoteId, "production");
    await target.remove(credential, next.remoteId, "production");
  });

  it("uploads hundreds of files intact through broken connections and rate limits", async () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`d${i % 50}/f${i}.txt`, randomBytes(40 + (i % 300))]));
    fake.trouble({ on: /PUT .*files/, times: 3, cutAfterBytes: 1 });
    fake.trouble({ on: /PUT .*files/, times: 2, reply: { status: 429, body: { message: "slow" }, headers: { "x-ratelimit-reset": "0" } } });
    fake.trouble({ on: /PUT .*files/, times: 2, reply: { status: 502, body: "no" } });
    fake.trouble({ on: /POST .*deploys$/, after: true, reply: { status: 504, body: "late" } });
    const before = fake.deploys.length;
    const { remoteId, site: made } = await target.submit(requestOf(credential, { artifact: toArtifact(files) }));
    expect(fake.deploys.length).toBe(before + 1);
    expect((await ended(target, credential, remoteId)).state).toBe("success");
    const got = fake.files(made.name);
    expect(got.size).toBe(400);
    expect(Object.entries(files).filter(([path, bytes]) => !got.get(path)?.equals(bytes))).toEqual([]);
  });

  it("resumes a deploy after a crash", async () => {
    const request = requestOf(credential, { artifact: toArtifact({ ...site, "own.txt": randomBytes(8) }) });
    fake.trouble({ on: /PUT .*files/, times: 50, reply: { status: 401, body: { message: "Access Denied" } } });
    expect(await failureOf(target.submit(request))).toMatchObject({ kind: "auth" });
    const known = recorded.known.at(-1);
    fake.settle();
    const before = fake.deploys.length;
    const again = await target.submit({
      ...request,
      ...(known?.remoteId && { remoteId: known.remoteId }),
      ...(known?.site && { site: known.site }),
    });
    expect(again.remoteId).toBe(known?.remoteId);
    expect(fake.deploys.length).toBe(before);
    expect((await ended(target, credential, again.remoteId)).state).toBe("success");
  });

  it("keeps existing domains, reports failures and checks tokens", async () => {
    const first = await target.submit(requestOf(credential, { customDomain: "one.example.org" }));
    await target.submit(requestOf(credential, { site: first.site, customDomain: "two.example.org" }));
    expect(fake.sites.find(({ id }) => id === first.site.id)).toMatchObject({
      custom_domain: "one.example.org",
      domain_aliases: ["two.example.org"],
    });
    fake.foreignDomains.add("three.example.org");
    await target.submit(requestOf(credential, { customDomain: "three.example.org" }));
    expect(recorded.lines.join("\n")).toContain("was not attached");
    fake.plan({ error: "post processing failed" });
    const broken = await target.submit(requestOf(credential, { artifact: toArtifact({ x: "broken" }) }));
    expect(await ended(target, credential, broken.remoteId)).toMatchObject({ state: "failed", error: "post processing failed" });
    expect(await target.logs(credential, broken.remoteId)).toContain("[error] post processing failed");
    fake.plan({});
    expect(await target.check(credential)).toMatchObject({ valid: true, info: { site_count: fake.sites.length } });
    expect(await target.check({ token: "no", metadata: {} })).toMatchObject({ valid: false });
    expect(await failureOf(target.submit(requestOf(credential, { artifact: toArtifact({ "a#b": "x" }) })))).toMatchObject({
      kind: "refused",
    });
  });

  it("calls only published Netlify operations, and all of them", () => {
    process.stdout.write(`${fake.published.summary()}\n`);
    expect(fake.published.violations).toEqual([]);
    // Tested in deployment-oauth.
    expect(fake.published.missing()).toEqual(["GET /user"]);
  });
});

describe("cloudflare", () => {
  let fake: CloudflareFake;
  let target: ProviderAdapter;
  let credential: Credential;
  beforeAll(async () => {
    fake = await startCloudflare();
    target = createCloudflare({ baseUrl: fake.apiUrl, outbound, retry });
    credential = { token: fake.token, metadata: { account_id: fake.accountId } };
  });
  afterAll(() => fake.close());

  it("uploads assets by hash, binds variables and is live at once", async () => {
    const artifact = toArtifact({ ...site, _headers: "/*\n  X-Y: z\n", _redirects: "/old /new 301\n" });
    const request = requestOf(credential, { env: { A: "plain", B: "hidden" }, secretNames: new Set(["B"]), spaFallback: true, artifact });
    fake.occupy(request.name);
    const { remoteId, site: made, url } = await target.submit(request);
    expect(made.name).toBe(`${request.name}-2`);
    expect(url).toBe(`https://${made.name}.ada.workers.dev`);
    expect(fake.script(made.name)?.hasAddress).toBe(true);
    expect(fake.script(request.name)?.versions[0]?.worker).toBe("theirs");
    expect(contentOf(fake.files(made.name))).toEqual(site);
    const live = fake.live(made.name);
    expect(live.bindings).toEqual([
      { type: "assets", name: "ASSETS" },
      { type: "plain_text", name: "A", text: "plain" },
      { type: "secret_text", name: "B", text: "hidden" },
    ]);
    expect(live).toMatchObject({ compatibilityDate: "2025-01-13" });
    expect(live.config).toEqual({
      html_handling: "auto-trailing-slash",
      not_found_handling: "single-page-application",
      _headers: "/*\n  X-Y: z\n",
      _redirects: "/old /new 301\n",
    });
    expect(await target.state(credential, remoteId)).toMatchObject({ state: "success" });
    expect(await (await fetch(`${await fake.openSite(made.name)}/deep/route`)).text()).toBe(site["index.html"]);

    // A credential of another account or namespace does not affect a script with the same name.
    const elsewhere = { ...credential, metadata: { account_id: fake.accountId, dispatch_namespace: "others" } };
    fake.namespaces.add("others");
    const theirs = await target.submit(requestOf(elsewhere, { name: made.name, site: made }));
    expect(theirs.site.id).not.toBe(made.id);
    await target.remove(elsewhere, remoteId, "production");
    expect(await target.state(elsewhere, remoteId)).toMatchObject({ state: "failed" });
    expect(await target.promote?.(elsewhere, made, remoteId)).toBe(false);
    expect(fake.script(theirs.site.name, "others")).toBeDefined();
    expect(fake.script(made.name)).toBeDefined();
    // An earlier attempt's upload is not repeated.
    const puts = () => fake.calls.filter(({ call }) => call.startsWith("PUT ")).length;
    const before = puts();
    expect(await target.submit({ ...request, site: { ...made, url }, remoteId })).toEqual({ remoteId, site: { ...made, url }, url });
    expect(puts()).toBe(before);

    // The same files again: nothing is uploaded, and a rollback is one call.
    fake.calls.length = 0;
    const next = await target.submit(requestOf(credential, { site: made }));
    expect(fake.calls.filter(({ call }) => call.endsWith("/assets/upload"))).toEqual([]);
    expect(next.remoteId).not.toBe(remoteId);
    expect(next.site).toEqual({ ...made, url });
    expect(await target.promote?.(credential, made, remoteId)).toEqual({ url });
    expect(fake.live(made.name).bindings).toHaveLength(3);
    await target.remove(credential, remoteId, "production");
    await target.remove(credential, remoteId, "production");
    expect(await target.state(credential, remoteId)).toMatchObject({
      state: "failed",
      error: expect.stringContaining("did not find") as string,
    });
  });

  it("uploads five thousand files in buckets despite errors, into a dispatch namespace", async () => {
    fake.namespaces.add("tenants");
    const inside = { ...credential, metadata: { ...credential.metadata, dispatch_namespace: "tenants" } };
    const files = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`d${i % 50}/f${i}.bin`, randomBytes(100 + (i % 900))]));
    fake.trouble({ on: /assets\/upload$/, cutAfterBytes: 10_000 });
    fake.trouble({ on: /assets\/upload$/, reply: { status: 503, body: {} } });
    const { remoteId, site: made, url } = await target.submit(requestOf(inside, { artifact: toArtifact(files) }));
    expect(url).toBe("");
    expect(fake.script(made.name)).toBeUndefined();
    const got = fake.files(made.name, "tenants");
    expect(got.size).toBe(5000);
    expect(Object.entries(files).filter(([path, bytes]) => !got.get(path)?.equals(bytes))).toEqual([]);
    expect(await target.promote?.(inside, made, remoteId)).toBe(false);
    expect(await target.check(inside)).toMatchObject({ valid: true, info: { script_count: 1, dispatch_namespace: "tenants" } });
  });

  it("attaches domains of the account's zones, reports a missing subdomain and checks tokens", async () => {
    fake.zones.set("example.org", "zone1");
    const { site: made } = await target.submit(requestOf(credential, { customDomain: "www.shop.example.org" }));
    expect(fake.domains.get("www.shop.example.org")).toBe(made.name);
    await target.submit(requestOf(credential, { customDomain: "www.shop.example.org" }));
    expect(recorded.lines.join("\n")).toContain("already belongs to another Worker");
    await target.submit(requestOf(credential, { customDomain: "other.example.net" }));
    expect(recorded.lines.join("\n")).toContain("no zone for it");
    fake.setSubdomain(undefined);
    expect((await target.submit(requestOf(credential))).url).toBe("");
    expect(await target.check(credential)).toMatchObject({ valid: true, info: { account_id: fake.accountId } });
    expect(await target.check({ ...credential, token: "no" })).toMatchObject({ valid: false });
    expect(await target.check({ ...credential, metadata: { account_id: "no" } })).toMatchObject({ valid: false });
    expect(await target.check({ ...credential, metadata: { ...credential.metadata, dispatch_namespace: "no" } })).toMatchObject({
      valid: false,
    });
  });

  it("calls only published Cloudflare operations, and all of them", async () => {
    const { site: made } = await target.submit(requestOf(credential));
    await target.submit(requestOf(credential, { site: made, environment: "preview" }));
    expect(fake.script(made.name)?.versions).toHaveLength(2);
    const inside = { ...credential, metadata: { ...credential.metadata, dispatch_namespace: "tenants" } };
    fake.namespaces.add("tenants");
    const { remoteId, site: tenant } = await target.submit(requestOf(inside));
    await target.remove(inside, remoteId, "production");
    expect(fake.script(tenant.name, "tenants")).toBeUndefined();
    process.stdout.write(`${fake.published.summary()}\n`);
    expect(fake.published.violations).toEqual([]);
    expect(fake.published.missing()).toEqual([]);
  });
});

it("streams a large file only as fast as the provider reads", async () => {
  const stalled = createServer((socket) => socket.on("error", () => undefined).pause());
  await new Promise<void>((resolve) => stalled.listen(0, "127.0.0.1", resolve));
  const { port } = stalled.address() as { port: number };
  const total = 64 * 2 ** 20;
  let read = 0;
  const open = () =>
    Readable.from(
      (async function* () {
        for (; read < total; read += 65_536) yield Buffer.alloc(65_536);
      })(),
      { objectMode: false },
    );
  const { createProviderClient } = await import("./client.ts");
  const client = createProviderClient({ name: "X", baseUrl: `http://127.0.0.1:${port}`, outbound, reasonOf: () => ({}), retry });
  const ending = new AbortController();
  setTimeout(() => ending.abort(new Error("enough")), 700);
  await expect(client.call("/up", { method: "PUT", stream: { length: total, open }, signal: ending.signal })).rejects.toThrow("enough");
  expect(read).toBeLessThan(total / 4);
  expect(read).toBeGreaterThan(0);
  stalled.close();
});
