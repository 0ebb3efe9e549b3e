import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime, type RuntimeDriver, type Sandbox } from "@tesslate/runtime";
import { createBrowsers, type Browsers } from "../../apps/server/src/features/agent/verify/browsers.ts";
import { findChromium } from "../../apps/server/src/features/agent/verify/chromium.ts";
import { loadTemplates, type BundledTemplate } from "../../apps/server/src/features/projects/projects/templates.ts";
import { createLogger } from "../../apps/server/src/platform/logger.ts";
import { openImages } from "../../e2e/images.ts";

/** What tasks run on: sandboxes, template images and isolated browsers. */
export interface Machine extends AsyncDisposable {
  runtime: RuntimeDriver;
  /** Isolated browsers; the reason if this machine has none. */
  browsers: Browsers | { missing: string };
  /** The template, with its image built. Images are kept in the checkout. Throws if there is no such template. */
  prepare(slug: string, signal: AbortSignal): Promise<{ template: BundledTemplate; image: string }>;
  /** Opens a sandbox, which is removed when it is disposed of. */
  open(name: string, image?: string): Promise<{ sandbox: Sandbox } & AsyncDisposable>;
}

/** Removes the folders of machines whose process was killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^studio-eval-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** `templates`: those whose images may be needed. */
export async function openMachine({ templates: needed }: { templates: ReadonlySet<string> }): Promise<Machine> {
  const parent = await realpath(tmpdir());
  await removeAbandoned(parent);
  const dataDir = await mkdtemp(join(parent, `studio-eval-${process.pid}-`));
  const images = await openImages(join(dataDir, "images"), needed);
  await images.provide(dataDir);
  const runtime = await createRuntime({ driver: "auto", dataDir });
  const chromium = await findChromium(process.env["CHROMIUM_PATH"]);
  const log = createLogger("silent");
  const browsers =
    "missing" in chromium
      ? chromium
      : createBrowsers({ chromium, dir: join(dataDir, "browsers"), limits: { maxOpen: 1, maxMemoryBytes: 1.5 * 2 ** 30 }, log });
  const templates = await loadTemplates();
  let opened = 0;
  return {
    runtime,
    browsers,
    async prepare(slug, signal) {
      const template = templates.find(slug);
      if (!template)
        throw new Error(
          `There is no template "${slug}". Templates: ${templates
            .list()
            .map(({ api }) => api.slug)
            .join(", ")}.`,
        );
      const image = await runtime.prepare(template.image, { signal });
      await images.collect(dataDir);
      return { template, image };
    },
    async open(name, image) {
      opened += 1;
      const id = `eval-${opened}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`.slice(0, 60);
      const sandbox = await runtime.open({ id, ...(image !== undefined && { image }) });
      return {
        sandbox,
        [Symbol.asyncDispose]: async () => {
          await runtime.remove(id);
          await runtime.removeHistory(id);
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      if (!("missing" in browsers)) await browsers.close();
      await runtime.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
