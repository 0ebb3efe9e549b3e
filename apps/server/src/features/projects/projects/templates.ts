import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { Category, projectsRoutes, type Template } from "@tesslate/contract";
import { folderSource, type ImageSpec } from "@tesslate/runtime";

const Argv = Type.Array(Type.String({ minLength: 1 }), { minLength: 1 });
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: "[A-Za-z0-9]" });
const run = {
  /** Null: nothing is known yet, and each start looks at the files. */
  command: Type.Union([Argv, Type.Null()]),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  framework: Type.Optional(Type.Union([Type.String(), Type.Null()])),
};
/** Another app in a folder of the template's files. */
const App = Type.Object({ name: Name, directory: Type.String({ pattern: "^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$" }), ...run });
/** A service of the catalog, by its slug. */
const CatalogueService = Type.Object({ name: Name, service: Type.String({ minLength: 1 }) });
/** `templates/<slug>/template.json`. Each app gets its port in the variable PORT. */
const TemplateFile = Type.Object({
  slug: Type.String({ pattern: "^[a-z0-9-]{1,63}$" }),
  name: Type.String({ minLength: 1 }),
  description: Type.String(),
  stack: Type.Array(Type.String()),
  category: Type.Optional(Category),
  features: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 40 }))),
  default: Type.Optional(Type.Boolean()),
  build: Type.Array(Argv),
  warm: Type.Optional(Type.Union([Type.Object({ command: Argv, port: Type.Integer(), path: Type.String() }), Type.Null()])),
  /** The app at the root of the files. Its name is the template's unless it has its own. */
  service: Type.Object({ name: Type.Optional(Name), ...run }),
  /** Further containers of the project. */
  containers: Type.Optional(Type.Array(Type.Union([App, CatalogueService]))),
  /** By names of containers: `from` provides its variables to `to`. */
  connections: Type.Optional(Type.Array(Type.Object({ from: Name, to: Name }))),
  /** Names of project secrets that get a random value in each project. */
  secrets: Type.Optional(Type.Array(Type.String({ pattern: "^[A-Z][A-Z0-9_]*$" }))),
  starter_prompts: Type.Array(Type.String()),
});

type Content = Static<typeof TemplateFile>;
type TemplateContainer = NonNullable<Content["containers"]>[number];

/**
 * For templates with npm packages: deletes the quarter of the files that no start, build, test or type check reads. It runs after
 * the first project has its image, because deleting new files is slow until the disk has written them.
 * `./studio templates --check` proves it for the exact versions of the templates.
 * - Source maps, and the TypeScript sources that they point to: programs run and type-check what packages publish as `.js` and `.d.ts`.
 * - Declarations of es-toolkit for `require()` (Recharts depends on it): TypeScript code of templates imports, and reads `.d.mts`.
 */
// prettier-ignore
const deleteUnreadFiles = [
  "find", "node_modules", "-type", "f", "(",
  "-name", "*.map",
  "-o", "-path", "*/src/*", "(", "-name", "*.ts", "-o", "-name", "*.tsx", ")", "!", "-name", "*.d.ts",
  "-o", "-path", "*node_modules/es-toolkit/*", "-name", "*.d.ts",
  ")", "-delete",
];

/** A bundled template: its API representation, the image to prepare and the containers of a project. */
export interface BundledTemplate {
  api: Template;
  /** Its files. */
  folder: string;
  image: ImageSpec;
  /** The app at the root of the files. */
  service: Content["service"] & { name: string };
  /** Further containers. */
  containers: readonly TemplateContainer[];
  /** By names of containers. */
  connections: readonly { from: string; to: string }[];
  /** Names of project secrets with a random value. */
  secrets: readonly string[];
  /** WebP, by theme. */
  pictures: Record<Theme, Buffer> | undefined;
}
type Theme = "light" | "dark";

/** The bundled templates, the default one first, then by name. */
export interface Templates {
  list(): readonly BundledTemplate[];
  find(slug: string): BundledTemplate | undefined;
  /** Used when the request names no template. */
  getDefault(): BundledTemplate;
}

// Source and bundle are at different depths below the repository root.
const candidates = ["../../../templates", "../../../../../../templates", "../templates"];
export const bundledTemplatesDir =
  candidates.map((p) => fileURLToPath(new URL(p, import.meta.url))).find((p) => existsSync(p)) ?? "templates";

/** Reads every template of a folder. Throws with the file's name when one is malformed, so that the server does not start with it. */
export async function loadTemplates(dir: string = bundledTemplatesDir): Promise<Templates> {
  const all: BundledTemplate[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const file = join(dir, entry.name, "template.json");
    if (!entry.isDirectory() || !existsSync(file)) continue;
    const content: unknown = JSON.parse(await readFile(file, "utf8"));
    const problem = Value.Errors(TemplateFile, content)[0];
    if (problem) throw new Error(`${file} is malformed: ${problem.instancePath} ${problem.message}`);
    const template = content as Static<typeof TemplateFile>;
    if (template.slug !== entry.name) throw new Error(`${file} is malformed: its slug must be the folder's name`);
    const {
      slug,
      name,
      description,
      stack,
      category = "fullstack",
      features = [],
      starter_prompts,
      connections = [],
      secrets = [],
    } = template;
    const service = { ...template.service, name: template.service.name ?? name };
    const containers = template.containers ?? [];
    const names = [service, ...containers].map((container) => container.name);
    if (new Set(names).size < names.length) throw new Error(`${file} is malformed: names of containers must differ`);
    for (const missing of connections.flatMap(({ from, to }) => [from, to]).filter((end) => !names.includes(end)))
      throw new Error(`${file} is malformed: a connection names ${missing}, but there is no such container`);
    const sourceDir = join(dir, slug, "files");
    const hasPackages = existsSync(join(sourceDir, "package-lock.json"));
    const pictures = await readPictures(join(dir, slug));
    all.push({
      api: {
        slug,
        name,
        description,
        stack,
        category,
        features,
        is_default: template.default === true,
        starter_prompts,
        containers: [service, ...containers].map((container) => ({
          name: container.name,
          service_slug: "service" in container ? container.service : null,
        })),
        pictures: pictures ? { light: pictureUrl(slug, "light", pictures.light), dark: pictureUrl(slug, "dark", pictures.dark) } : null,
      },
      folder: sourceDir,
      image: {
        name: slug,
        source: folderSource(sourceDir),
        build: template.build,
        ...(hasPackages && { prune: deleteUnreadFiles }),
        ...(template.warm && { warm: template.warm }),
      },
      service,
      containers,
      connections,
      secrets,
      pictures,
    });
  }
  all.sort((a, b) => Number(b.api.is_default) - Number(a.api.is_default) || a.api.name.localeCompare(b.api.name));
  const first = all[0];
  if (!first?.api.is_default || all[1]?.api.is_default) throw new Error(`${dir} must contain exactly one default template`);
  return { list: () => all, find: (slug) => all.find((t) => t.api.slug === slug), getDefault: () => first };
}

/** `preview-light.webp` and `preview-dark.webp`, which `./studio templates --pictures` takes. */
async function readPictures(folder: string): Promise<Record<Theme, Buffer> | undefined> {
  const files = { light: join(folder, "preview-light.webp"), dark: join(folder, "preview-dark.webp") };
  if (!existsSync(files.light) || !existsSync(files.dark)) return undefined;
  return { light: await readFile(files.light), dark: await readFile(files.dark) };
}

function pictureUrl(slug: string, theme: Theme, picture: Buffer): string {
  const version = createHash("sha256").update(picture).digest("hex").slice(0, 12);
  return `${projectsRoutes.templatePicture.path.replace("{slug}", slug).replace("{theme}", theme)}?v=${version}`;
}
