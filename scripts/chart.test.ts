import { globSync, lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { settings } from "../apps/server/src/settings/index.ts";
import { settingsOf } from "../apps/server/src/settings/kinds.ts";
import { podTemplateFields } from "../apps/server/src/settings/pod-template.ts";
import { privateRanges } from "../packages/runtime/src/host/network/filter.ts";

/** What can be checked of the Helm chart without Helm. The rest is in `apps/server/src/chart.kubernetes.test.ts`. */
const root = join(import.meta.dirname, "..");
const chart = join(root, "deploy/helm/tesslate-studio");
const read = (path: string) => readFileSync(join(chart, path), "utf8");
const templates = globSync("templates/**/*", { cwd: chart, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
  .join("\n");
const namesIn = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name))].sort();

const known = settingsOf(settings).map(({ env }) => env);
/** Of the pods, not of the server. */
const others = ["HOME", "POD_IP", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER"];
const variables = namesIn(templates, /- (?:\{ )?name: ([A-Z][A-Z0-9_]+)/g);
const secrets = namesIn(templates, /(?:set \$data "|^ {2})([A-Z][A-Z0-9_]+)(?:"|:)/gm);

test("every setting that the chart sets exists", () => {
  expect(variables.length).toBeGreaterThan(25);
  expect(secrets.length).toBeGreaterThan(5);
  expect([...variables, ...secrets].filter((name) => !known.includes(name) && !others.includes(name))).toEqual([]);
});

test("values can change every setting of the cluster and of the bucket, and these are not set twice", () => {
  const wanted = known.filter((name) => /^(?:KUBERNETES|OBJECTS_S3)_/.test(name));
  expect(wanted.length).toBeGreaterThan(15);
  expect(wanted.filter((name) => !variables.includes(name) && !secrets.includes(name))).toEqual([]);
  const own = namesIn(/\$own := list([^\n]*)/.exec(templates)?.[1] ?? "", /"(\w+)"/g);
  const refused = (name: string) => own.includes(name) || /^(?:KUBERNETES|RUNNER|OBJECTS_S3)_/.test(name);
  const runner = ["ORPHANED_STOP_MINUTES"];
  expect(variables.filter((name) => known.includes(name) && !refused(name) && !runner.includes(name))).toEqual([]);
});

test("values can set each field of the pods' template", () => {
  expect(namesIn(templates, /set \$template "(\w+)"/g)).toEqual(podTemplateFields.toSorted());
});

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
}
test("the schema of the values describes what values.yaml has, and nothing else", () => {
  const differences = (values: unknown, schema: Schema | undefined, path: string): string[] => {
    if (schema === undefined) return [`${path} is not in the schema`];
    if (schema.properties === undefined) return [];
    const given = values as Record<string, unknown>;
    const missing = Object.keys(schema.properties).filter((name) => !(name in given));
    return [
      ...missing.map((name) => `${path}.${name} is not in values.yaml`),
      ...Object.entries(given).flatMap(([name, value]) => differences(value, schema.properties?.[name], `${path}.${name}`)),
    ];
  };
  const schema = JSON.parse(read("values.schema.json")) as Schema;
  // What Helm gives to every chart.
  delete schema.properties?.["global"];
  expect(differences(parse(read("values.yaml")), schema, "values")).toEqual([]);
});

test("every value is used", () => {
  const paths = (values: unknown, path: string): string[] =>
    typeof values === "object" && values !== null && !Array.isArray(values) && Object.keys(values).length > 0
      ? Object.entries(values).flatMap(([name, value]) => paths(value, path === "" ? name : `${path}.${name}`))
      : [path];
  const unused = paths(parse(read("values.yaml")), "").filter((path) => {
    const name = path.split(".").at(-1) ?? "";
    return !new RegExp(`\\.${name}\\b`).test(templates) && !/(?:^|\.)(?:resources|labels)\./.test(path);
  });
  expect(unused).toEqual([]);
});

test("alerts, dashboard, version, rights and ranges have one source", () => {
  for (const [file, source] of [
    ["files/alerts.yml", "deploy/prometheus/alerts.yml"],
    ["files/dashboard.json", "deploy/grafana/tesslate-studio.json"],
  ] as const) {
    expect(lstatSync(join(chart, file)).isSymbolicLink()).toBe(true);
    expect(read(file)).toBe(readFileSync(join(root, source), "utf8"));
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  expect(parse(read("Chart.yaml"))).toMatchObject({ version, appVersion: version });
  const rulesOf = (text: string) => /^rules:\n((?: {2}.*\n)+)/m.exec(text)?.[1];
  const rights = readFileSync(join(root, "deploy/kubernetes/projects.yaml"), "utf8");
  expect(rulesOf(read("templates/sandboxes.yaml"))).toBe(rulesOf(rights));
  const except = /except: (\[.*\])/.exec(read("templates/network-policies.yaml"))?.[1] ?? "";
  expect(JSON.parse(except)).toEqual(privateRanges);
});
