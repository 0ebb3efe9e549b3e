import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
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
/** Why the tools cannot be had here, if they cannot. */
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
    ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--module", "preserve", ...files],
    options,
  );
/** What a failed command printed. */
const outputOf = (error: unknown) => String((error as { stdout?: string }).stdout) + String((error as { stderr?: string }).stderr);

describe.skipIf(npmProblem !== undefined)(`generated TypeScript clients compile${npmProblem ? ` (skipped: ${npmProblem})` : ""}`, () => {
  test("openapi-typescript", { timeout: 300_000 }, async () => {
    await run(bin("openapi-typescript"), [document, "--output", "openapi-typescript.ts"], options);
    writeFileSync(
      join(work, "uses-types.ts"),
      [
        'import type { components, paths } from "./openapi-typescript.ts";',
        'export const project: components["schemas"]["Project"]["status"] = "running";',
        'export type List = paths["/api/projects"]["get"]["responses"][200]["content"]["application/json"];',
        "export const first = ({ items }: List): string | undefined => items[0]?.slug;",
      ].join("\n"),
    );
    await compile("--allowImportingTsExtensions", "uses-types.ts");
  });

  test("orval", { timeout: 300_000 }, async () => {
    writeFileSync(
      join(work, "orval.config.mjs"),
      `export default { studio: { input: { target: "openapi.json" }, output: { target: "orval/client.ts", schemas: "orval/model", client: "fetch", clean: true } } };`,
    );
    await run(bin("orval"), ["--config", "orval.config.mjs"], options);
    await compile("orval/client.ts");
    for (const name of ["project", "container", "deployment", "chatMessage"])
      expect(existsSync(join(work, `orval/model/${name}.ts`)), name).toBe(true);
  });

  test("redocly's linter finds no error beside the paths that two routes share", { timeout: 300_000 }, async () => {
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
});

test.skipIf(pythonProblem !== undefined)(
  `a Python client of openapi-python-client compiles${pythonProblem ? ` (skipped: ${pythonProblem})` : ""}`,
  { timeout: 300_000 },
  async () => {
    const { stdout, stderr } = await run(
      join(work, "python/bin/openapi-python-client"),
      ["generate", "--path", document, "--output-path", "python-client", "--overwrite", "--meta", "none"],
      options,
    ).catch((error: unknown) => {
      throw new Error(outputOf(error));
    });
    // It skips bytes of types that it does not know, and nothing else.
    const skipped = [...(stdout + stderr).matchAll(/^(?:Cannot parse|ERROR).*$/gm)].map(([line]) => line);
    expect(skipped.filter((line) => !line.includes("Unsupported content_type"))).toEqual([]);
    await run(join(work, "python/bin/python"), ["-m", "compileall", "-q", "python-client"], options);
  },
);
