import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { Type } from "typebox";
import { expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";
import { SecretValue } from "./platform/secret.ts";
import { kubernetesOptions } from "./runner-options.ts";
import { envExample, settingsReference } from "./settings/document.ts";
import { settings } from "./settings/index.ts";
import { settingsOf, type Setting } from "./settings/kinds.ts";
import { readSettings, type Environment } from "./settings/read.ts";

function errorOf(environment: Environment): ConfigError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the configuration is valid");
}

test.each([
  [".env.example", envExample()],
  ["docs/operations/settings.md", settingsReference()],
])("%s matches the schema (node scripts/settings.ts writes it)", (file, content) => {
  expect(readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8")).toBe(content);
});

test("the defaults alone are a valid configuration", () => {
  const config = readConfig({});
  expect(config.http).toMatchObject({
    port: 8000,
    host: "127.0.0.1",
    appBaseUrl: "http://localhost:8000",
    previewDomain: "preview.localhost",
    isLoopbackOnly: true,
  });
});

test("all problems are reported together, each with an example", () => {
  const error = errorOf({
    PORT: "http",
    DATABASE_URL: "mysql://x",
    SECRET_KEY: "short",
    APP_BASE_URL: "ftp://x",
    CORS_ORIGINS: "*",
    RUNTIME_DRIVER: "vm",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic 100%",
    OTEL_RESOURCE_ATTRIBUTES: "share=%ff",
  });
  for (const name of [
    "PORT",
    "DATABASE_URL",
    "SECRET_KEY",
    "APP_BASE_URL",
    "CORS_ORIGINS",
    "RUNTIME_DRIVER",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_RESOURCE_ATTRIBUTES",
  ])
    expect(error.message).toContain(name);
  expect(error.problems.every((p) => p.includes("Example: "))).toBe(true);
  expect(error.message).not.toContain("mysql://x");
  expect(error.message).not.toContain("Basic");
});

test("a runtime driver that does not exist is refused before anything starts", () => {
  expect(() => readConfig({ RUNTIME_DRIVER: "podman" })).toThrow(/RUNTIME_DRIVER.*sandbox, docker, kubernetes, process/s);
});

test("the cores of a project are limited", () => {
  expect(readConfig({}).projects.cpus).toBe(2);
  expect(readConfig({ PROJECT_CPU: "0.5" }).projects.cpus).toBe(0.5);
  expect(errorOf({ PROJECT_CPU: "0" }).problems).toEqual([expect.stringContaining("PROJECT_CPU must be a number, 0.1 or more")]);
});

test("pods need an image", () => {
  expect(errorOf({ RUNTIME_DRIVER: "kubernetes" }).problems).toEqual([expect.stringContaining("KUBERNETES_IMAGE=")]);
  const { kubernetes } = readConfig({ RUNTIME_DRIVER: "kubernetes", KUBERNETES_IMAGE: "images.lan/studio:1" }).runtime;
  expect(kubernetes).toMatchObject({ namespace: "tesslate-sandboxes", workloads: "auto", volumeBytes: 10 * 2 ** 30, outbound: [] });
  expect(errorOf({ KUBERNETES_NAMESPACE: "Not_A_Name" }).problems).toHaveLength(1);
});

test("what operators add to pods is five fields, and none that weakens a pod", () => {
  const pods = { RUNTIME_DRIVER: "kubernetes", KUBERNETES_IMAGE: "images.lan/studio:1" };
  const given = {
    nodeSelector: { pool: "projects" },
    tolerations: [{ key: "projects", operator: "Exists", effect: "NoSchedule" }, { operator: "Exists" }],
    priorityClassName: "low",
    labels: { "example.com/team": "a" },
    annotations: { "example.com/note": "any text, also long" },
  };
  const withTemplate = (template: unknown) => ({ ...pods, KUBERNETES_POD_TEMPLATE: JSON.stringify(template) });
  expect(kubernetesOptions(readConfig(withTemplate(given)).runtime)?.podTemplate).toEqual(given);
  for (const [wrong, sentence] of [
    ["x", /must be a JSON object/],
    [{ hostNetwork: true }, /has the field "hostNetwork"\. Allowed are nodeSelector, tolerations, priorityClassName, labels, annotations/],
    [{ labels: { replicas: 1 } }, /labels .* values are texts/],
    [{ tolerations: [{ key: "a", effect: "Always" }] }, /NoSchedule, PreferNoSchedule, NoExecute/],
    [{ tolerations: [{ value: "a" }] }, /toleration without a valid key/],
    [{ nodeSelector: { "a b": "c" } }, /"a b" in nodeSelector/],
    [{ labels: { a: "b c" } }, /value of "a" in labels/],
    [{ labels: { "studio.tesslate.com/network": "internet" } }, /isolation of the pods/],
    [{ annotations: { "container.apparmor.security.beta.kubernetes.io/runner": "unconfined" } }, /isolation of the pods/],
    [{ annotations: { "io.katacontainers.config.hypervisor.kernel": "x" } }, /isolation of the pods/],
    [{ priorityClassName: "Not A Name" }, /not the name of a class/],
  ] as const)
    expect(errorOf(withTemplate(wrong)).problems).toEqual([expect.stringMatching(sentence)]);
});

test("a runner needs an address and a secret", () => {
  expect(errorOf({ RUNTIME_DRIVER: "remote" }).problems).toEqual([
    expect.stringContaining("RUNNER_URL=https://runner.lan:7070"),
    expect.stringContaining("RUNNER_TOKEN_FILE=/etc/tesslate/runner-token"),
  ]);
  const token = "t".repeat(32);
  for (const wrong of [{ RUNNER_URL: "runner.lan:7070" }, { RUNNER_TOKEN: "short" }, { RUNNER_LISTEN: "7070" }, { RUNNER_KEY_FILE: "/k" }])
    expect(
      errorOf({ RUNTIME_DRIVER: "remote", RUNNER_URL: "unix:///run/runner.sock", RUNNER_TOKEN: token, ...wrong }).problems,
    ).toHaveLength(1);
  const { runner } = readConfig({ RUNTIME_DRIVER: "remote", RUNNER_URL: "http://[::1]:7070", RUNNER_TOKEN: token }).runtime;
  expect(runner.token?.reveal()).toBe(token);
  expect(inspect(runner, { depth: 9 })).not.toContain(token);
});

test("a preview domain on the app's own site is refused", () => {
  expect(() => readConfig({ APP_BASE_URL: "https://studio.example.com", PREVIEW_DOMAIN: "p.studio.example.com" })).toThrow(
    /PREVIEW_DOMAIN/,
  );
});

test("secrets are not printed", () => {
  const config = readConfig({ SECRET_KEY: "s".repeat(40), OPENAI_API_KEY: "sk-visible" });
  for (const text of [JSON.stringify(config), inspect(config, { depth: 9 }), `${config.auth.secretKey}`]) {
    expect(text).not.toContain("sk-visible");
    expect(text).not.toContain("ssss");
  }
  expect(config.models.openai.key?.reveal()).toBe("sk-visible");
});

test("every default and every example is allowed", () => {
  for (const { env, default: standard, example } of settingsOf(settings))
    for (const value of [standard, example]) expect([env, value, readSettings({ [env]: value }).problems]).toEqual([env, value, []]);
});

test("a setting without a default is optional, a text or a list", () => {
  const others = settingsOf(settings).filter(
    (setting) => setting.default === undefined && ![Type.IsOptional, Type.IsString, Type.IsArray].some((is) => is(setting)),
  );
  expect(others.map(({ env }) => env)).toEqual([]);
});

test("one of several servers: what it needs is named, each with an example", () => {
  const token = "0123456789abcdef0123456789abcdef";
  const { problems } = errorOf({ SERVER_ADDRESS: "http://10.0.0.5:8000" });
  expect(problems).toEqual([
    expect.stringContaining("DATABASE_URL=postgres://"),
    expect.stringContaining("SECRET_KEY="),
    expect.stringContaining("RUNTIME_DRIVER=remote"),
    expect.stringContaining("OBJECTS_S3_BUCKET="),
  ]);
  const complete = {
    DATABASE_URL: "postgres://user@db/studio",
    SECRET_KEY: token,
    RUNTIME_DRIVER: "remote",
    RUNNER_URL: "http://runner.example.com:7070",
    RUNNER_TOKEN: token,
    OBJECTS_S3_BUCKET: "files",
    OBJECTS_S3_ACCESS_KEY_ID: "id",
    OBJECTS_S3_SECRET_ACCESS_KEY: "secret",
  };
  const pods = { ...complete, RUNTIME_DRIVER: "kubernetes", KUBERNETES_IMAGE: "images.lan/studio:1" };
  expect(readConfig({ ...pods, SERVER_ADDRESS: "http://10.0.0.5:8000" }).runtime.driver).toBe("kubernetes");
  expect(readConfig({ ...complete, SERVER_ADDRESS: "http://10.0.0.5:8000", DRAIN_SECONDS: "15" }).servers).toMatchObject({
    address: "http://10.0.0.5:8000",
    drainMs: 15_000,
  });
  for (const wrong of ["10.0.0.5:8000", "https://10.0.0.5", "http://10.0.0.5/app", "http://user@10.0.0.5"])
    expect(errorOf({ ...complete, SERVER_ADDRESS: wrong }).problems).toEqual([expect.stringContaining("http://host:port")]);
});

test("every setting changes the configuration", () => {
  // With everything on, so that no setting is without effect.
  const base = {
    STRIPE_SECRET_KEY: "sk_test",
    STRIPE_WEBHOOK_SECRET: "whsec_test",
    OIDC_ISSUER: "https://id.example.com",
    OIDC_CLIENT_ID: "studio",
    SIGN_UP: "providers",
    SMTP_HOST: "mail.example.com",
    SMTP_SENDER_EMAIL: "mail@example.com",
    WEB_SEARCH_PROVIDER: "tavily",
    WEB_SEARCH_API_KEY: "key",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example.com",
    // What SERVER_ADDRESS requires.
    DATABASE_URL: "postgres://user@db/studio",
    SECRET_KEY: "0123456789abcdef0123456789abcdef",
    RUNTIME_DRIVER: "remote",
    RUNNER_URL: "http://runner.example.com:7070",
    RUNNER_TOKEN: "0123456789abcdef0123456789abcdef",
    RUNNER_CERT_FILE: "/etc/own.pem",
    RUNNER_KEY_FILE: "/etc/own-key.pem",
    OBJECTS_S3_BUCKET: "files",
    OBJECTS_S3_ACCESS_KEY_ID: "id",
    OBJECTS_S3_SECRET_ACCESS_KEY: "secret",
  };
  const revealed = (environment: Environment) =>
    JSON.stringify(readConfig(environment), function (this: Record<string, unknown>, key, value: unknown) {
      const original = this[key];
      return original instanceof SecretValue ? original.reveal() : value;
    });
  const unchanged = revealed(base);
  const other = (setting: Setting) => {
    const { example, default: standard = "" } = setting;
    return example ?? (Type.IsBoolean(setting) ? "false" : /^\d+$/.test(standard) ? String(Number(standard) + 1) : `${standard}1`);
  };
  const ineffective = settingsOf(settings).filter((setting) => revealed({ ...base, [setting.env]: other(setting) }) === unchanged);
  expect(ineffective.map(({ env }) => env)).toEqual([]);
});

test("values have the unit of the configuration", () => {
  const { http, auth, projects, agent } = readConfig({
    RATE_LIMIT_FACTOR: "0.5",
    ACCESS_TOKEN_EXPIRE_MINUTES: "2",
    PROJECT_DISK_MB: "1,2",
    AGENT_MAX_COST_PER_RUN: "1.5",
  });
  expect(http.rateLimitFactor).toBe(0.5);
  expect(auth.accessTokenMs).toBe(120_000);
  expect(projects.diskBytes).toEqual({ free: 2 ** 20, basic: 2 ** 21, pro: 2 ** 21, ultra: 2 ** 21 });
  expect(agent.maxCostPerRunCents).toBe(150);
});

test("proxy variables are also read in lower case", () => {
  const { proxy } = readConfig({ http_proxy: "http://lower:1", HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1" }).outbound;
  expect([proxy.http?.reveal(), proxy.https?.reveal()]).toEqual(["http://lower:1", "http://upper:1"]);
});

test.each([
  [{ PORT: "65536" }, 'PORT must be a port number (got "65536"). Example: PORT=8000'],
  [{ RESTART_ATTEMPTS: "-1" }, 'RESTART_ATTEMPTS must be a whole number, 0 or more (got "-1"). Example: RESTART_ATTEMPTS=0'],
  [{ VERIFY_MAX_BROWSERS: "51" }, 'VERIFY_MAX_BROWSERS must be a whole number from 1 to 50 (got "51"). Example: VERIFY_MAX_BROWSERS=2'],
  [{ IDLE_STOP_MINUTES: "soon" }, 'IDLE_STOP_MINUTES must be a number, 0 or more (got "soon"). Example: IDLE_STOP_MINUTES=30'],
  [{ DEMO: "yes" }, 'DEMO must be true or false (got "yes"). Example: DEMO=true'],
  [{ COOKIE_SAMESITE: "off" }, 'COOKIE_SAMESITE must be one of lax, strict, none (got "off"). Example: COOKIE_SAMESITE=strict'],
  [{ PROJECT_DISK_MB: "0" }, 'PROJECT_DISK_MB must be one to four comma-separated whole numbers (got "0"). Example: PROJECT_DISK_MB=4096'],
  [{ TIER_SUPPORT: "email" }, /^TIER_SUPPORT must be four comma-separated words /],
  [{ CREDIT_PACKAGES_CENTS: "1,2,3,4" }, /^CREDIT_PACKAGES_CENTS must be four comma-separated whole numbers from 50 to 99999999 /],
  [{ SECRET_KEY: "short" }, /^SECRET_KEY must be at least 32 bytes long \(got a value that is not\)/],
  [{ PAYOUTS: "stripe" }, "PAYOUTS=stripe requires a Stripe account. Example: STRIPE_SECRET_KEY=sk_live_…"],
  [{ OBJECTS_S3_BUCKET: "files", OBJECTS_S3_ACCESS_KEY_ID: "id" }, /^OBJECTS_S3_BUCKET requires an access key/],
  [{ WEB_SEARCH_PROVIDER: "searxng" }, /^WEB_SEARCH_PROVIDER=searxng requires its base URL/],
])("%o is refused", (environment, problem) => {
  expect(errorOf(environment).problems).toEqual([typeof problem === "string" ? problem : expect.stringMatching(problem)]);
});
