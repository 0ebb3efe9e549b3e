import type { Deployment, DeploymentPlan, DeploymentStep, DeploymentTarget, LaunchReport } from "@tesslate/contract";
import { at, ids } from "./bakery.ts";

const id = (tail: string) => `0a000000-0000-4000-8000-0000000000${tail}`;
const report = (over: Partial<LaunchReport> = {}): LaunchReport => ({
  is_blocked: false,
  duration_ms: 18_700,
  rules: [
    { rule: "build", status: "passed", is_blocking: true, summary: "A clean install and build, no errors" },
    { rule: "pages", status: "passed", is_blocking: false, summary: "4 pages, no console errors" },
    { rule: "secrets", status: "passed", is_blocking: true, summary: "3 known values, 0 found in 41 files" },
    { rule: "accessibility", status: "passed", is_blocking: false, summary: "4 pages, 0 serious" },
    { rule: "weight", status: "passed", is_blocking: false, summary: "The first page loads 151 kB of 2 MB" },
    { rule: "advisories", status: "warned", is_blocking: false, summary: "1 known vulnerability" },
  ],
  findings: [
    {
      rule: "advisories",
      severity: "minor",
      message: "undici 6.19 answers redirects with the old credentials; 6.21 does not.",
      path: "package-lock.json",
      line: 1204,
      page: null,
    },
  ],
  weight: { total: 2_300_000, scripts: 480_000, first_page: 151_000 },
  ...over,
});
const deployment = (version: number, time: string, over: Partial<Deployment> = {}): Deployment => ({
  id: id(`e${version}`),
  project_id: ids.project,
  user_id: ids.project,
  container_id: ids.web,
  provider: "cloudflare",
  remote_id: `bakery-${version}`,
  deployment_url: "https://order.alder.example",
  status: "success",
  is_live: false,
  environment: "production",
  can_promote: false,
  can_roll_back: true,
  version,
  logs: null,
  error: null,
  metadata: {
    container_name: "web",
    mode: "pre-built",
    framework: "vite",
    site_id: "bakery-web",
    site_name: "bakery-web",
    files: 41,
    bytes: 2_300_000,
    custom_domain: null,
    env_names: ["SLOT_CAPACITY"],
    rollback_of: null,
    failure: null,
  },
  report: report(),
  task_id: null,
  created_at: at(time),
  updated_at: at(time),
  completed_at: new Date(Date.parse(at(time)) + 72_000).toISOString(),
  ...over,
});
const v5 = deployment(5, "11:02:00");
const v6 = deployment(6, "11:30:00");
const v7 = deployment(7, "11:40:00", { is_live: true, can_roll_back: true });
const v8 = deployment(8, "14:02:46", { status: "deploying", can_roll_back: false, completed_at: null, deployment_url: null });
const failure = (over: Partial<Deployment>): Deployment =>
  deployment(8, "14:02:46", { status: "failed", can_roll_back: false, deployment_url: null, remote_id: null, ...over });
const web = v8.metadata;

/** Deployments by scenario, newest first. */
export const cannedDeployments: Record<string, Deployment[]> = {
  deploys: [v8, v7, v6, v5, { ...deployment(1, "10:00:00", { provider: "local", is_live: true }), id: id("ea") }],
  canvas: [v7, v6, v5],
  "deploy-failed": [
    failure({
      error: "src/slots.ts(14,9): error TS2322: Type 'string' is not assignable to type 'number'.",
      report: null,
      metadata: { ...web, failure: { step: "build", code: null, path: "src/slots.ts", line: 14 } },
    }),
    v7,
  ],
  "deploy-blocked": [
    failure({
      error: "The launch gate keeps it from going out: secrets in the bundle, pages that do not open.",
      metadata: { ...web, failure: { step: "gate", code: null, path: null, line: null } },
      report: report({
        is_blocked: true,
        rules: report().rules.map((rule) =>
          rule.rule === "secrets"
            ? { ...rule, status: "failed", summary: "1 of 3 known values found in 41 files" }
            : rule.rule === "pages"
              ? { ...rule, status: "failed", is_blocking: true, summary: "1 of 4 pages throws an error" }
              : rule,
        ),
        findings: [
          {
            rule: "secrets",
            severity: "critical",
            message: "The value of STRIPE_SECRET_KEY lies in what every visitor loads.",
            path: "dist/assets/index-9b1e40c7.js",
            line: null,
            page: null,
          },
          {
            rule: "pages",
            severity: "serious",
            message: "TypeError: Cannot read properties of undefined (reading 'slots')",
            path: "src/pages/Order.tsx",
            line: 41,
            page: "/order",
          },
          ...report().findings,
        ],
      }),
    }),
    v7,
  ],
  "deploy-done": [
    {
      ...v8,
      status: "success",
      is_live: true,
      environment: "production",
      can_promote: false,
      can_roll_back: true,
      deployment_url: "https://order.alder.example",
      completed_at: at("14:03:58"),
    },
    { ...v7, is_live: false },
  ],
};

const clock = (seconds: number) => `2025-03-14T14:02:${String(46 + Math.min(13, seconds)).padStart(2, "0")}.000Z`;
const said = (seconds: number, text: string, step_key?: DeploymentStep) => ({
  line: `[${clock(seconds)}] ${text}`,
  ...(step_key && { step_key }),
});
/** What the log of any of them says. */
export const cannedLines: readonly { line: string; step_key?: DeploymentStep }[] = [
  said(0, "Deployment started"),
  said(0, "== Install ==", "install"),
  said(1, "npm ci --prefer-offline (store, 0.8 s)"),
  said(3, "== Build ==", "build"),
  said(3, "vite v8.3.8 building for production..."),
  said(5, "214 modules transformed."),
  said(6, "src/slots.ts(14,9): warning: 'capacity' is never read"),
  said(7, "dist/index.html 0.46 kB, dist/assets/index-9b1e40c7.js 151 kB"),
  said(8, "41 files, 2.3 MB"),
  said(8, "== Check ==", "gate"),
  said(9, "Secrets: 3 known values, 0 found in 41 files"),
  said(10, "Pages: / /order /find-us /basket, no console errors"),
  said(11, "5 passed, 1 warning"),
  said(11, "== Upload ==", "upload"),
  said(12, "38 of 41 files are there already"),
];

export const cannedPlan = (provider: DeploymentPlan["provider"]): DeploymentPlan => ({
  container_id: ids.web,
  container_name: "web",
  provider,
  framework: "vite",
  mode: provider === "vercel" ? "source" : "pre-built",
  build_command: "npm run build",
  output_directory: "dist",
  is_connected: provider !== "netlify",
  services: provider === "local" ? [{ container_id: ids.database, name: "PostgreSQL", service_slug: "postgres" }] : [],
  env: [
    { name: "SLOT_CAPACITY", source: "secret", change: "added" },
    { name: "API_URL", source: "connection", change: "kept" },
    { name: "TZ", source: "container", change: "kept" },
    { name: "MAIL_FROM", source: "secret", change: "removed" },
  ],
  site_name: "bakery-web",
  site_url_pattern: provider === "local" ? "https://{name}.apps.studio.example" : null,
  has_site: provider !== "netlify",
  live: provider === "netlify" ? null : { id: v7.id, version: 7, url: v7.deployment_url },
  warnings: provider === "vercel" ? ["An API of its own does not go along: deploy the container “api” too."] : [],
});

export const cannedTargets: DeploymentTarget[] = [
  {
    id: id("f1"),
    project_id: ids.project,
    provider: "cloudflare",
    name: "production",
    environment: "production",
    position_x: 76,
    position_y: 440,
    container_ids: [ids.web],
    is_connected: true,
    created_at: at("09:00:00"),
    updated_at: at("09:00:00"),
  },
];
const provider = (name: "vercel" | "netlify" | "cloudflare", connected: boolean) => ({
  name,
  display_name: name,
  description: "",
  auth_type: name === "cloudflare" ? "api_token" : "oauth",
  required: name === "cloudflare" ? ["account_id", "api_token"] : ["token"],
  optional: name === "vercel" ? ["team_id"] : [],
  build_modes: name === "vercel" ? ["source", "pre-built"] : ["pre-built"],
  removes_whole_site: name === "cloudflare",
  token_url: "https://provider.example/tokens",
  connected,
  oauth_available: name !== "cloudflare",
});
export const cannedProviders = [provider("vercel", true), provider("netlify", false), provider("cloudflare", true)];
export const cannedLaunchSettings = { blocking: ["build", "secrets"], weight_budget: 2_000_000 };
