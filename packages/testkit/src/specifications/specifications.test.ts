import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { startVercel } from "../deploy/vercel.ts";
import { publishedProviders, recorderOf, specificationOf, unpublishedProviders, type PublishedProvider } from "./index.ts";

/** One valid call, and the same with an undefined field, query parameter, type or path. */
const cases: Record<
  PublishedProvider,
  { method: string; path: string; body?: object; form?: string; wrong: object | string; query: string }
> = {
  github: { method: "POST", path: "/user/repos", body: { name: "shop", private: true }, wrong: { name: 7 }, query: "visiblity=all" },
  netlify: {
    method: "POST",
    path: "/sites/s1/deploys",
    body: { files: { "/a": "0a" }, async: true },
    wrong: { async: "yes" },
    query: "titel=x",
  },
  vercel: {
    method: "POST",
    path: "/v13/deployments",
    body: {
      name: "shop",
      project: "prj_1",
      target: "production",
      files: [{ file: "a", sha: "0a", size: 1 }],
      projectSettings: { framework: null },
    },
    wrong: { name: "shop", files: [{ file: "a", sha: "0a", size: "1" }] },
    query: "force=1",
  },
  cloudflare: {
    method: "PUT",
    path: "/accounts/a1/workers/domains",
    body: { hostname: "www.example.org", service: "shop", zone_id: "z1" },
    wrong: { hostname: "www.example.org" },
    query: "force=true",
  },
  stripe: {
    method: "POST",
    path: "/v1/checkout/sessions",
    form: "mode=payment&line_items[0][price]=price_1&line_items[0][quantity]=1&metadata[user_id]=u1&success_url=https%3A%2F%2Fx",
    wrong: "mode=payment&line_items[0][quantity]=many",
    query: "limit=1",
  },
  openai: {
    method: "POST",
    path: "/chat/completions",
    body: { model: "m", messages: [{ role: "user", content: "hi" }] },
    wrong: { model: "m", messages: "hi" },
    query: "v=1",
  },
  anthropic: {
    method: "POST",
    path: "/v1/messages",
    body: { model: "m", max_tokens: 9, messages: [{ role: "user", content: "hi" }] },
    wrong: { model: "m", messages: [{ role: "user", content: "hi" }] },
    query: "v=1",
  },
  google: {
    method: "POST",
    path: "/v1beta/models/m:generateContent",
    body: { contents: [{ role: "user", parts: [{ text: "hi" }] }] },
    wrong: { contents: [{ role: "user", parts: [{ text: 7 }] }] },
    query: "v=1",
  },
};

test.each(publishedProviders)("%s: unpublished paths, methods, queries, fields and types are violations", (provider) => {
  const { method, path, body, form, wrong, query } = cases[provider];
  const contentType = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
  const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const right = textOf(form ?? body);
  const recorder = recorderOf(provider);
  const record = (change: { method?: string; path?: string; query?: string; text?: string; contentType?: string }) =>
    recorder.record({
      method: change.method ?? method,
      path: change.path ?? path,
      query: new URLSearchParams(change.query),
      contentType: change.contentType ?? contentType,
      body: change.text ?? right,
    });
  expect(record({})).toEqual([]);
  expect(() => recorder.verify()).not.toThrow();
  expect(recorder.fields).toBeGreaterThan(0);
  const unknown = form === undefined ? JSON.stringify({ ...body, surprise: 1 }) : `${form}&surprise=1`;
  expect(record({ text: unknown })).toEqual(["body.surprise: is not defined"]);
  expect(record({ text: textOf(wrong) })).toHaveLength(1);
  expect(record({ query })).toEqual([`query.${query.split("=")[0]}: is not defined`]);
  expect(record({ contentType: "text/plain" })).toHaveLength(1);
  expect(record({ path: `${path}/surprise` })).toHaveLength(1);
  expect(record({ method: "TRACE" })).toHaveLength(1);
  expect(recorder.violations).toHaveLength(6);
  expect(() => recorder.verify()).toThrow(`calls that ${provider} does not publish`);
});

test("a fake rejects unpublished requests and fails the test that made the call", async () => {
  const vercel = await startVercel();
  const response = await fetch(`${vercel.url}/v11/projects`, {
    method: "POST",
    headers: { authorization: `Bearer ${vercel.token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "shop", colour: "red" }),
  });
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("body.colour: is not defined")]);
  await expect(vercel.close()).rejects.toThrow("POST /v11/projects: body.colour: is not defined");
});

test.each(publishedProviders.map((provider) => specificationOf(provider)))(
  "$provider: $source.document in $source.package $source.version, $source.license",
  ({ operations, unpublished, additions }) => {
    expect(operations.length).toBeGreaterThan(1);
    const names = operations.map(({ method, path }) => `${method} ${path}`);
    expect(additions.filter(({ operation }) => !names.includes(operation))).toEqual([]);
    // What is documented in prose only must not be an operation too.
    expect(unpublished.filter(({ method, path }) => operations.some((one) => one.method === method && one.path === path))).toEqual([]);
  },
);
test(`no package publishes a specification of ${unpublishedProviders.join(", ")}: their fakes alone check these calls`, () => {
  const files = readdirSync(new URL("../../specifications/", import.meta.url)).map((name) => name.replace(/\.json$/, ""));
  expect(files.toSorted()).toEqual([...publishedProviders]);
  expect(unpublishedProviders.filter((provider) => files.includes(provider))).toEqual([]);
});
