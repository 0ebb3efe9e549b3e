import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { projectsApp, setUpProject } from "../testing/projects.ts";
import { buildOpenApi } from "./openapi.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../../..");
const pinned = join(root, "scripts/openapi-clients");
/** Installed once for each set of versions. */
const work = join(root, ".studio/openapi-clients");
const document = join(work, "openapi.json");
const options = { cwd: work, timeout: 280_000, maxBuffer: 64 * 1024 * 1024 };

const isInstalled = (file: string) =>
  existsSync(join(work, file)) && readFileSync(join(work, file), "utf8") === readFileSync(join(pinned, file), "utf8");
/** Why the tools are not available here, if they are not. */
async function install(file: string, ...steps: [command: string, ...parameters: string[]][]): Promise<string | undefined> {
  mkdirSync(work, { recursive: true });
  writeFileSync(document, JSON.stringify(buildOpenApi(undefined, { version: "0.0.0" })));
  if (isInstalled(file)) return undefined;
  try {
    for (const [command, ...parameters] of steps) await run(command, parameters, options);
    cpSync(join(pinned, file), join(work, file));
    return undefined;
  } catch (error) {
    return String((error as { stderr?: string }).stderr ?? error).slice(-300);
  }
}
const lock = join(pinned, "package-lock.json");
const npmProblem = await install(
  "package-lock.json",
  ["cp", join(pinned, "package.json"), lock, "."],
  ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
);
const pythonProblem = await install(
  "requirements.txt",
  ["python3", "-m", "venv", "python"],
  ["python/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", join(pinned, "requirements.txt")],
);
const bin = (name: string) => join(work, "node_modules/.bin", name);
const compile = async (...files: string[]) =>
  run(
    bin("tsc"),
    [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--allowImportingTsExtensions",
      "--target",
      "es2022",
      "--lib",
      "es2023,dom,dom.iterable",
      "--module",
      "preserve",
      ...files,
    ],
    options,
  );
/** Runs a program that prints the names of a user's projects, given STUDIO_URL and STUDIO_KEY. */
async function listsProjects(command: string, ...parameters: string[]): Promise<void> {
  await using app = await projectsApp();
  const user = await app.signUp();
  await setUpProject(app, user, "Generated");
  const { key } = await app.as(user).auth.createApiKey({ body: { name: "generated client", scopes: ["read"] } });
  const { stdout } = await run(command, parameters, { ...options, env: { ...process.env, STUDIO_URL: app.url, STUDIO_KEY: key } }).catch(
    (error: unknown) => {
      throw new Error(outputOf(error));
    },
  );
  expect(stdout.trim()).toBe("Generated");
}
/** Bundles a program and lets it list projects. */
async function programListsProjects(entry: string): Promise<void> {
  const outfile = join(work, `${entry}.mjs`);
  await build({ entryPoints: [join(work, entry)], outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  await listsProjects(process.execPath, outfile);
}
/** What a failed command printed. */
const outputOf = (error: unknown) => String((error as { stdout?: string }).stdout) + String((error as { stderr?: string }).stderr);

describe.skipIf(npmProblem !== undefined)(
  `generated TypeScript clients compile and work${npmProblem ? ` (skipped: ${npmProblem})` : ""}`,
  () => {
    test("openapi-typescript", { timeout: 300_000 }, async () => {
      await run(bin("openapi-typescript"), [document, "--output", "openapi-typescript.ts"], options);
      writeFileSync(
        join(work, "uses-types.ts"),
        [
          'import type { components, paths } from "./openapi-typescript.ts";',
          'export const project: components["schemas"]["Project"]["status"] = "running";',
          'export type List = paths["/api/projects"]["get"]["responses"][200]["content"]["application/json"];',
          "const response = await fetch(`${process.env.STUDIO_URL}/api/projects`, { headers: { authorization: `Bearer ${process.env.STUDIO_KEY}` } });",
          "const { items } = (await response.json()) as List;",
          "console.log(items.map(({ name }) => name).join());",
          "declare const process: { env: Record<string, string | undefined> };",
        ].join("\n"),
      );
      await compile("uses-types.ts");
      await programListsProjects("uses-types.ts");
    });

    test("orval", { timeout: 300_000 }, async () => {
      writeFileSync(
        join(work, "orval.config.mjs"),
        `export default { studio: { input: { target: "openapi.json" }, output: { target: "orval/client.ts", schemas: "orval/model", client: "fetch", clean: true } } };`,
      );
      await run(bin("orval"), ["--config", "orval.config.mjs"], options);
      writeFileSync(
        join(work, "uses-orval.ts"),
        [
          'import { projectsList } from "./orval/client";',
          "declare const process: { env: Record<string, string | undefined> };",
          "// The generated addresses are relative.",
          "const send = fetch;",
          "globalThis.fetch = (path, init) => send(`${process.env.STUDIO_URL}${String(path)}`, init);",
          "const answer = await projectsList(undefined, { headers: { authorization: `Bearer ${process.env.STUDIO_KEY}` } });",
          "if (answer.status !== 200) throw new Error(`status ${answer.status}`);",
          "console.log(answer.data.items.map(({ name }) => name).join());",
        ].join("\n"),
      );
      await compile("uses-orval.ts");
      await programListsProjects("uses-orval.ts");
      for (const name of ["project", "container", "deployment", "chatMessage"])
        expect(existsSync(join(work, `orval/model/${name}.ts`)), name).toBe(true);
    });

    test("redocly's linter finds no error except paths shared by two routes", { timeout: 300_000 }, async () => {
      const { stdout } = await run(bin("redocly"), ["lint", document, "--extends", "recommended", "--format", "json"], options).catch(
        (error: { stdout: string }) => error,
      );
      const { problems } = JSON.parse(stdout) as {
        problems: { ruleId: string; severity: string; message: string; location: { pointer?: string }[] }[];
      };
      const errors = problems.filter(({ severity }) => severity === "error");
      expect(errors.filter(({ ruleId }) => ruleId !== "no-identical-paths").map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual(
        [],
      );
    });
  },
);

test.skipIf(pythonProblem !== undefined)(
  `a Python client of openapi-python-client compiles and works${pythonProblem ? ` (skipped: ${pythonProblem})` : ""}`,
  { timeout: 300_000 },
  async () => {
    const { stdout, stderr } = await run(
      join(work, "python/bin/openapi-python-client"),
      ["generate", "--path", document, "--output-path", "python_client", "--overwrite", "--meta", "none"],
      options,
    ).catch((error: unknown) => {
      throw new Error(outputOf(error));
    });
    // It skips unknown content types only.
    const skipped = [...(stdout + stderr).matchAll(/^(?:Cannot parse|ERROR).*$/gm)].map(([line]) => line);
    expect(skipped.filter((line) => !line.includes("Unsupported content_type"))).toEqual([]);
    await run(join(work, "python/bin/python"), ["-m", "compileall", "-q", "python_client"], options);
    writeFileSync(
      join(work, "uses_client.py"),
      [
        "import os",
        "from python_client import AuthenticatedClient",
        "from python_client.api.projects import projects_list",
        'client = AuthenticatedClient(base_url=os.environ["STUDIO_URL"], token=os.environ["STUDIO_KEY"])',
        'print(",".join(project.name for project in projects_list.sync(client=client).items))',
      ].join("\n"),
    );
    await listsProjects(join(work, "python/bin/python"), "uses_client.py");
  },
);
