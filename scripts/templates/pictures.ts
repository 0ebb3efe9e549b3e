/** Pictures of the templates' first pages, for lists of templates. */
import { forwardPort, sandboxPort } from "@tesslate/runtime";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BundledTemplate } from "../../apps/server/src/features/projects/projects/templates.ts";
import { createProject, finished, signUp } from "../../e2e/account.ts";
import { smallPicture } from "../../e2e/picture.ts";
import { openRunFolder } from "../../e2e/run-folder.ts";
import { startStudio } from "../../e2e/studio.ts";
import { startApp } from "../../evals/src/judge-app.ts";
import type { Machine } from "../../evals/src/machine.ts";
import { openFirstPage, themes, type Browser, type Page } from "./pages.ts";

/** CSS pixels of the page; the picture is half as wide and high. */
const size = { width: 1280, height: 800 };
const maxBytes = 40_000;

/**
 * Writes `preview-light.webp` and `preview-dark.webp` into the template's folder. Resolves with their sizes in bytes; empty for a template
 * without a start command. A template of several containers is started by a server of its own, which has to be built before.
 */
export async function takePictures(machine: Machine, template: BundledTemplate, browser: Browser, signal: AbortSignal): Promise<number[]> {
  const { command, port } = template.service;
  if (command === null) return [];
  if (template.containers.length > 0) return takePicturesOfProject(template, browser);
  const { image } = await machine.prepare(template.api.slug, signal);
  await using project = await machine.open(template.api.slug, image);
  await using app = await forwardPort(sandboxPort(project.sandbox, await startApp(project.sandbox, { command, port }, signal)));
  const pictures = [];
  for (const theme of themes) pictures.push(await takePicture(template, theme, browser, () => `${app.url}/`));
  return pictures;
}

const notes = ["Order flour for Saturday", "Print the new menu", "Call the florist about the windows"];
/** What an app shows before its picture is taken, in apps whose first page is empty for a new visitor. */
const contents: Record<string, (page: Page) => Promise<void>> = {
  "fastapi-react": async (page) => {
    for (const text of notes) {
      // The second picture shows the same tasks.
      if (await page.getByText(text).isVisible()) continue;
      await page.getByLabel("New task").fill(text);
      await page.getByRole("button", { name: "Add task" }).click();
      await page.getByText(text).waitFor();
    }
  },
  "full-stack": async (page) => {
    await page.getByRole("link", { name: "Create account" }).click();
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("Email").fill(`ada-${randomBytes(3).toString("hex")}@example.com`);
    await page.getByLabel("Password").fill(randomBytes(12).toString("hex"));
    await page.getByRole("button", { name: "Create account" }).click();
    for (const text of notes) {
      await page.getByLabel("New note").fill(text);
      await page.getByRole("button", { name: "Add note" }).click();
      await page.getByRole("list", { name: "Notes" }).getByText(text).waitFor();
    }
  },
};

async function takePicturesOfProject(template: BundledTemplate, browser: Browser): Promise<number[]> {
  const { slug, name } = template.api;
  const { TMPDIR } = process.env;
  const { images, cleanUp } = await openRunFolder(new Set([slug]));
  const studio = await startStudio({}, { images });
  try {
    const { api, ...account } = await signUp(studio.url, "Pictures");
    const project = await createProject({ api, ...account }, name, slug);
    await finished(api, (await api.projects.start({ params: { id: project.id } })).task_id);
    const ticket = async () => (await api.previews.ticket({ params: { id: project.id }, body: {} })).url;
    const pictures = [];
    for (const theme of themes) pictures.push(await takePicture(template, theme, browser, ticket));
    return pictures;
  } finally {
    await images.collect(studio.dataDir);
    await studio.close();
    await cleanUp();
    // It was a folder of this run.
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
  }
}

/** Resolves with the size of the picture in bytes. */
async function takePicture(
  template: BundledTemplate,
  theme: (typeof themes)[number],
  browser: Browser,
  url: () => string | Promise<string>,
): Promise<number> {
  const page = await browser.newPage({ colorScheme: theme, viewport: size, reducedMotion: "reduce" });
  await openFirstPage(page, await url());
  await contents[template.api.slug]?.(page);
  // Next.js shows a button of its own in development.
  const shot = await page.screenshot({ style: "nextjs-portal { display: none; }" });
  await page.close();
  const picture = await smallPicture(shot, { width: size.width / 2, maxBytes });
  await writeFile(join(template.folder, "..", `preview-${theme}.webp`), picture);
  return picture.length;
}
