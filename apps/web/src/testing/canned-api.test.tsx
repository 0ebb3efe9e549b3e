import { expect, test } from "vitest";
import { createCannedApi, refuse } from "./canned-api.ts";

const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

test("an answer that is not what the contract says is a fault", async () => {
  const api = createCannedApi();
  api.answer("projects.list", { items: [{ id: "no uuid" }] as never });
  await api.fetch("/api/projects");
  expect(api.faults()[0]).toMatch(/projects\.list: .*does not match the contract/);
});

test("an answer is cut to what the contract knows, as the server does", async () => {
  const api = createCannedApi();
  api.answer("auth.csrf", { csrf_token: "t", more: 1 } as never);
  expect(await (await api.fetch("/api/auth/csrf")).json()).toEqual({ csrf_token: "t" });
  expect(api.faults()).toEqual([]);
});

test("a body that the server would refuse is a fault", async () => {
  const api = createCannedApi();
  api.blank("auth.login");
  await api.fetch("/api/auth/login", post({ email: "nadia" }));
  expect(api.faults()[0]).toMatch(/The body of auth\.login .*password/);
});

test("what nobody answers, and what is no route, is a fault", async () => {
  const api = createCannedApi();
  await api.fetch("/api/projects/templates");
  await api.fetch("/api/nothing");
  expect(api.faults()).toEqual([
    "projects.templates (GET /api/projects/templates) was asked, and the test has no answer.",
    "GET /api/nothing is no route of the contract.",
  ]);
});

test("an error has the status and the form of the contract", async () => {
  const api = createCannedApi();
  api.answer("auth.login", refuse("rate_limited", { retryAfter: 7 }));
  const answer = await api.fetch("/api/auth/login", post({ email: "nadia", password: "x" }));
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
  expect(await answer.json()).toMatchObject({ code: "rate_limited" });
});

test("a stream says what it is fed, and only events of its route", async () => {
  const api = createCannedApi();
  const stream = api.stream("adminSandboxes.events");
  const answer = await api.fetch("/api/admin/sandboxes/events");
  expect(stream.openings()).toBe(1);
  expect(() => stream.send({ type: "nonsense" } as never)).toThrow(/does not match the contract/);
  stream.end();
  expect(await answer.text()).toBe("");
});
