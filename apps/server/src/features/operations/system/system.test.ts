import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { noRuntime } from "../../../testing/runtime.ts";
import { testApp } from "../../../testing/app.ts";

test("system.health reports status, version and driver without querying the database", async () => {
  await using app = await testApp();
  expect(await app.as().system.health()).toEqual({
    status: "healthy",
    service: "tesslate-studio",
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    runtime: { driver: "memory", isolation: "none" },
  });
});

test("system.config shows the available features and no secret", async () => {
  await using app = await testApp({
    swap: { demoModel: fileURLToPath(new URL("../../../../../../packages/testkit/src/demo/server.ts", import.meta.url)) },
    env: {
      APP_BASE_URL: "https://studio.example.com",
      PREVIEW_DOMAIN: "preview.example.net",
      DEMO: "true",
      SMTP_HOST: "mail",
      SMTP_SENDER_EMAIL: "a@b.c",
    },
  });
  const config = await app.as().system.config();
  expect(config).toEqual({
    app_domain: "studio.example.com",
    preview_domain: "preview.example.net",
    deployment_mode: "memory",
    isolation: "none",
    isolation_warnings: [],
    version: expect.any(String),
    setup_required: true,
    setup_token_required: true,
    no_accounts: true,
    landing_page: true,
    sign_up: "open",
    demo: true,
    oidc_name: null,
    features: {
      billing: false,
      stripe: false,
      google_oauth: false,
      github_oauth: false,
      oidc: false,
      two_fa: true,
      smtp: true,
      passkeys: true,
    },
  });
  await app.signUp({ admin: true });
  expect(await app.as().system.config()).toMatchObject({ setup_required: false, setup_token_required: false, no_accounts: false });
});

test("system.ready names the failing part", async () => {
  await using app = await testApp();
  const ready = await app.request("/ready");
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({
    status: "ready",
    checks: {
      database: { ok: true, duration_ms: expect.any(Number) },
      jobs: { ok: true, duration_ms: expect.any(Number) },
      runtime: { ok: true, duration_ms: expect.any(Number) },
      disk: { ok: true, duration_ms: expect.any(Number) },
    },
  });

  let isBroken = false;
  await using broken = await testApp({
    swap: {
      runtime: {
        ...noRuntime(),
        list: async () => {
          if (isBroken) throw new Error("secret detail of the driver");
          return [];
        },
      },
    },
  });
  isBroken = true;
  const notReady = await broken.request("/ready");
  expect(notReady.status).toBe(503);
  const text = await notReady.text();
  expect(JSON.parse(text)).toMatchObject({
    status: "not_ready",
    checks: { database: { ok: true }, runtime: { ok: false } },
    code: "unavailable",
    detail: expect.any(String),
    request_id: notReady.headers.get("x-request-id"),
  });
  expect(text).not.toContain("secret detail");
  expect((await broken.request("/health")).status).toBe(200);
  // A load balancer asks every second: only a change is logged.
  const changes = () =>
    broken
      .logs()
      .split("\n")
      .filter((line) => !/"level":(?:20|"debug")/.test(line))
      .flatMap((line) => /"msg":"(not ready|ready again|request)"/.exec(line)?.[1] ?? []);
  expect((await broken.request("/ready")).status).toBe(503);
  expect(changes()).toEqual(["not ready"]);
  isBroken = false;
  expect((await broken.request("/ready")).status).toBe(200);
  expect((await broken.request("/ready")).status).toBe(200);
  expect(changes()).toEqual(["not ready", "ready again"]);
});
