import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";
import { envExample, settings } from "./settings.ts";

test(".env.example matches the schema", () => {
  expect(readFileSync(new URL("../../../.env.example", import.meta.url), "utf8")).toBe(envExample());
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
  const error = (() => {
    try {
      readConfig({
        PORT: "http",
        DATABASE_URL: "mysql://x",
        SECRET_KEY: "short",
        APP_BASE_URL: "ftp://x",
        CORS_ORIGINS: "*",
        RUNTIME_DRIVER: "vm",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic 100%",
        OTEL_RESOURCE_ATTRIBUTES: "share=%ff",
      });
    } catch (e) {
      return e;
    }
  })() as ConfigError;
  expect(error).toBeInstanceOf(ConfigError);
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
  expect(() => readConfig({ RUNTIME_DRIVER: "kubernetes" })).toThrow(/RUNTIME_DRIVER.*sandbox, docker, process/s);
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

test("the example of every setting passes its own check", () => {
  for (const [name, s] of Object.entries(settings))
    if ("check" in s && name !== "OPENAI_API_KEY") expect([name, s.check(s.example)]).toEqual([name, undefined]);
});
