/** The bundled project templates have valid descriptions, and complete and pinned sources. */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../../templates");
const slugs = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

interface Template {
  slug: string;
  name: string;
  description: string;
  stack: string[];
  category: string;
  features: string[];
  default: boolean;
  build: string[][];
  warm: { command: string[]; port: number; path: string } | null;
  service: { name?: string; command: string[] | null; port: number; framework: string | null };
  containers?: ({ name: string; service: string } | { name: string; directory: string; command: string[]; port: number })[];
  connections?: { from: string; to: string }[];
  secrets?: string[];
  starter_prompts: string[];
}
interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const templateOf = (slug: string) => JSON.parse(read(slug, "template.json")) as Template;
const allLike = (list: string[], pattern: RegExp): unknown => list.map(() => expect.stringMatching(pattern) as unknown);
const argv = (command: string[]) => allLike(command, /^\S(.*\S)?$/);

test("exactly one template is the default", () => {
  expect(slugs.filter((slug) => templateOf(slug).default)).toEqual(["react-vite"]);
  expect(slugs.toSorted()).toEqual([
    "astro",
    "blank",
    "fastapi",
    "fastapi-react",
    "full-stack",
    "nextjs",
    "node-api",
    "react-vite",
    "static",
  ]);
});

const libraryFiles =
  "{components/ui/*,components/{data-table,data-table.test,providers,theme-provider,theme-toggle}.tsx,hooks/use-mobile.ts,lib/{api,utils}.ts,test/setup.ts}";
/** Folders of React sources with the component library, below a template's files. */
const libraries = slugs.flatMap((slug) =>
  globSync("**/components/ui/button.tsx", { cwd: join(root, slug, "files"), exclude: ["**/node_modules/**"] }).map((file) =>
    join(slug, "files", file, "../../.."),
  ),
);

test.each(libraries)("the component library of %s is that of react-vite", (library) => {
  const original = join(root, "react-vite/files/src");
  const files = globSync(libraryFiles, { cwd: original }).filter((file) => existsSync(join(root, library, file)));
  expect(files.length).toBeGreaterThan(30);
  for (const file of files) expect([file, read(library, file)]).toEqual([file, readFileSync(join(original, file), "utf8")]);
});

/** Templates whose development server passes requests on to an API. */
const withProxy = slugs.filter((slug) =>
  globSync("vite.config.*", { cwd: join(root, slug, "files") }).some((file) => read(slug, "files", file).includes("proxy")),
);

test("every Vite server with a proxy waits for the API, with the same code", () => {
  expect(withProxy).toEqual(["fastapi-react", "full-stack", "react-vite", "static"]);
  for (const slug of withProxy)
    expect([slug, read(slug, "files/wait-for-api.ts")]).toEqual([slug, read("react-vite/files/wait-for-api.ts")]);
});

describe.each(slugs)("%s", (slug) => {
  const template = templateOf(slug);
  const files = join(root, slug, "files");

  test("describes itself", () => {
    const { containers, connections, secrets, ...described } = template;
    expect(described).toStrictEqual({
      slug,
      name: expect.stringMatching(/^.{3,40}$/),
      description: expect.stringMatching(/^.{20,160}$/),
      stack: allLike(template.stack, /^.{2,30}$/),
      category: expect.stringMatching(/^[a-z]+$/),
      features: allLike(template.features, /^[A-Z].{2,29}$/),
      default: expect.any(Boolean),
      build: template.build.map(argv),
      warm: template.warm && { command: argv(template.warm.command), port: template.service.port, path: expect.stringMatching(/^\//) },
      service: {
        ...(template.service.name !== undefined && { name: expect.stringMatching(/^.{2,30}$/) }),
        command: template.service.command && argv(template.service.command),
        port: expect.any(Number),
        framework: template.service.framework && expect.stringMatching(/^[a-z]+$/),
      },
      starter_prompts: allLike(template.starter_prompts, /^.{10,120}$/),
    });
    expect(template.stack.length).toBeGreaterThan(1);
    expect(template.features.length).toBeGreaterThan(1);
    expect(template.starter_prompts.length).toBeGreaterThanOrEqual(3);
    const names = [template.service.name ?? template.name, ...(containers ?? []).map(({ name }) => name)];
    for (const { from, to } of connections ?? []) expect(names).toEqual(expect.arrayContaining([from, to]));
    expect(secrets ?? []).toEqual(allLike(secrets ?? [], /^[A-Z_]+$/));
    for (const container of containers ?? []) if ("directory" in container) expect(existsSync(join(files, container.directory))).toBe(true);
    expect(template.build.flat().join(" ")).not.toMatch(/https?:|--registry|--index-url/);
  });

  test("has instructions that match template.json", () => {
    expect(readdirSync(files)).toEqual(expect.arrayContaining(["AGENTS.md", "README.md", ".gitignore"]));
    expect(existsSync(join(files, "TESSLATE.md"))).toBe(template.service.command !== null);
    if (!template.service.command) return;
    const instructions = read(slug, "files", "TESSLATE.md");
    expect(/\*\*Start Command\*\*:\n```bash\n(.*)\n```/.exec(instructions)?.[1]).toBe(template.service.command.join(" "));
    expect(/\*\*Port\*\*: (\d+)/.exec(instructions)?.[1]).toBe(String(template.service.port));
  });

  test("ships sources only", () => {
    for (const left of ["node_modules", ".venv", "dist", ".next", ".npmrc", "template.json"])
      expect(existsSync(join(files, left))).toBe(false);
  });

  const isNode = existsSync(join(files, "package.json"));

  if (isNode) {
    test("pins exact versions, and its lockfile matches and names no registry", () => {
      const manifest = JSON.parse(read(slug, "files", "package.json")) as Manifest;
      const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
      for (const [name, version] of Object.entries(wanted))
        expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
      const lock = JSON.parse(read(slug, "files", "package-lock.json")) as {
        packages: Record<string, Manifest & { version?: string; resolved?: string; integrity?: string }>;
      };
      const { "": own, ...packages } = lock.packages;
      expect({ ...own?.dependencies, ...own?.devDependencies }).toEqual(wanted);
      for (const [name, version] of Object.entries(wanted)) expect(packages[`node_modules/${name}`]?.version).toBe(version);
      for (const [path, locked] of Object.entries(packages)) {
        expect([path, locked.resolved]).toEqual([path, undefined]);
        // What a platform package bundles has no hash.
        if (!/node_modules\/.*\/node_modules\//.test(path))
          expect([path, locked.integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
      }
    });
  }

  for (const folder of [".", "api"].filter((one) => existsSync(join(files, one, "requirements.txt")))) {
    test("pins exact versions in requirements.txt and names no index", () => {
      const lines = read(slug, "files", folder, "requirements.txt").split("\n").filter(Boolean);
      for (const line of lines) expect(line).toMatch(/^(#.*|[\w-]+==[\w.]+)$/);
    });
  }
});
