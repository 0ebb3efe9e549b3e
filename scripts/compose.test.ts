import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDockerCompose } from "@tesslate/testkit/docker-compose";
import { afterAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const compose = read("compose.yaml");
const folder = mkdtempSync(join(tmpdir(), "compose-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = findDockerCompose();
const caddy = [process.env["CADDY_PATH"], "/usr/bin/caddy", "/usr/local/bin/caddy"].find((path) => path !== undefined && existsSync(path));
const caddyfile = (/\n {4}content: \|\n([\s\S]*)$/.exec(compose)?.[1] ?? "").replaceAll(/^ {6}/gm, "").replaceAll("$$", "$");

test("every variable that compose.yaml requires is in the example, and every one of the example is used", () => {
  const names = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name))].sort();
  const example = read("compose.env.example");
  const required = names(compose, /\$\{([A-Z_]+):\?/g);
  expect(required.length).toBeGreaterThan(5);
  expect(names(example, /^([A-Z_]+)=/gm)).toEqual(expect.arrayContaining(required));
  const used = names(compose, /\$\{([A-Z_]+)[:}]/g);
  expect(used).toEqual(expect.arrayContaining(names(example, /^(?:# )?([A-Z_]+)=/gm)));
  // What the Caddyfile reads is given to its container.
  const [, environment = ""] = /\n {2}proxy:[\s\S]*?environment:\n([\s\S]*?)\n {4}ports:/.exec(compose) ?? [];
  expect(names(caddyfile, /\{\$([A-Z_]+)\}/g)).toEqual(names(environment, /^ +([A-Z_]+):/gm));
});

test.skipIf(program === undefined)(
  `Compose accepts the file${program === undefined ? " (skipped: needs Docker Compose 2.24)" : ""}`,
  () => {
    const envFile = join(folder, "env");
    const values = ["STUDIO_DOMAIN=studio.example.com", "PREVIEW_DOMAIN=preview.example.net", "SECRET_KEY=k", "POSTGRES_PASSWORD=p"];
    writeFileSync(envFile, [...values, "ACME_EMAIL=a@example.com", "DNS_TOKEN=t"].join("\n"));
    const [file = "", ...args] = program ?? [];
    const config = (env: string) =>
      spawnSync(file, [...args, "--file", join(root, "compose.yaml"), "--env-file", env, "config", "--format", "json"], {
        encoding: "utf8",
      });
    const { stdout, stderr, status } = config(envFile);
    expect([status, stderr]).toEqual([0, ""]);
    const { services } = JSON.parse(stdout) as { services: Record<string, { environment: Record<string, string> }> };
    expect(Object.keys(services).sort()).toEqual(["database", "proxy", "studio"]);
    expect(services["studio"]?.environment).toMatchObject({ DATABASE_URL: "postgres://tesslate:p@database:5432/tesslate" });
    writeFileSync(envFile, values.join("\n"));
    expect(config(envFile).stderr).toMatch(/required variable \w+ is missing a value: set it in \.env/);
  },
);

test.skipIf(caddy === undefined)(`Caddy accepts its configuration${caddy === undefined ? " (skipped: needs Caddy)" : ""}`, () => {
  const path = join(folder, "Caddyfile");
  // The plugin of a DNS provider is not part of Caddy.
  writeFileSync(path, caddyfile.replace(/dns \{\$DNS_PROVIDER\} \{\$DNS_TOKEN\}/, "issuer internal"));
  const adapted = execFileSync(caddy ?? "", ["adapt", "--adapter", "caddyfile", "--config", path], {
    encoding: "utf8",
    env: { STUDIO_DOMAIN: "studio.example.com", PREVIEW_DOMAIN: "preview.example.net", ACME_EMAIL: "a@example.com" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { apps } = JSON.parse(adapted) as { apps: { tls: { automation: { policies: object[]; on_demand: object } } } };
  expect(apps.tls.automation.policies).toContainEqual(expect.objectContaining({ subjects: ["*.preview.example.net"] }));
  expect(apps.tls.automation.policies).toContainEqual(expect.objectContaining({ on_demand: true }));
  expect(JSON.stringify(apps.tls.automation.on_demand)).toContain("http://studio:8000/api/domains/allows-certificate");
});
