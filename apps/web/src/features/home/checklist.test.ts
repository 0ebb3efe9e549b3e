import { expect, test } from "vitest";
import type { PublicConfig } from "@tesslate/contract";
import { checklist } from "./checklist.ts";

const config: PublicConfig = {
  app_domain: "studio.example.com",
  oidc_name: null,
  preview_domain: "preview.example.net",
  deployment_mode: "sandbox",
  isolation: "full",
  isolation_warnings: [],
  version: "1",
  setup_required: false,
  no_accounts: false,
  landing_page: true,
  setup_token_required: false,
  demo: false,
  features: {
    billing: false,
    stripe: false,
    google_oauth: false,
    github_oauth: false,
    oidc: false,
    two_fa: true,
    smtp: true,
    passkeys: false,
  },
};
const open = (facts: Partial<Parameters<typeof checklist>[0]>) =>
  checklist({ config, isModelConfigured: true, hasProject: true, isAdministrator: true, browser: "ready", ...facts })
    .filter((step) => !step.isDone)
    .map((step) => step.id);

test("a finished installation has nothing left to do", () => expect(open({})).toEqual([]));
test("each thing that is missing is a step", () => {
  expect(open({ isModelConfigured: false })).toEqual(["model"]);
  expect(open({ hasProject: false })).toEqual(["project"]);
  expect(open({ config: { ...config, isolation: "process" } })).toEqual(["isolation"]);
  expect(open({ config: { ...config, isolation_warnings: ["No memory limits."] } })).toEqual(["isolation"]);
  expect(open({ config: { ...config, features: { ...config.features, smtp: false } } })).toEqual(["mail"]);
});
test.each(["localhost:8000", "127.0.0.1", "[::1]:8000", "studio.localhost"])("%s is reached from this machine alone", (app_domain) =>
  expect(open({ config: { ...config, app_domain } })).toEqual(["address"]),
);
test.each(["waiting", "preparing", "failed"] as const)("a browser that is %s is a choice", (browser) =>
  expect(open({ browser })).toEqual(["browser"]),
);
test("a browser that was declined is none", () => expect(open({ browser: "off" })).toEqual([]));
test("the scripted demo is no model", () => expect(open({ config: { ...config, demo: true } })).toEqual(["model"]));
test("what only an operator can do is not shown to others", () =>
  expect(
    checklist({
      config: { ...config, isolation: "none" },
      isModelConfigured: false,
      hasProject: false,
      isAdministrator: false,
      browser: "waiting",
    }).map(({ id }) => id),
  ).toEqual(["model", "project"]));
