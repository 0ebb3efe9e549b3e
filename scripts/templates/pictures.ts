/** Pictures of the templates' first pages, for lists of templates. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BundledTemplate } from "../../apps/server/src/features/projects/projects/templates.ts";
import { smallPicture } from "../../e2e/picture.ts";
import { startApp } from "../../evals/src/judge-app.ts";
import type { Machine } from "../../evals/src/machine.ts";
import { openFirstPage, themes, type Browser } from "./pages.ts";

/** CSS pixels of the page; the picture is half as wide and high. */
const size = { width: 1280, height: 800 };
const maxBytes = 40_000;

/** Writes `preview-light.webp` and `preview-dark.webp` into the template's folder. Resolves with their sizes in bytes; empty for a template without a start command. */
export async function takePictures(machine: Machine, template: BundledTemplate, browser: Browser, signal: AbortSignal): Promise<number[]> {
  const { command, port } = template.service;
  if (command === null) return [];
  const { image } = await machine.prepare(template.api.slug, signal);
  await using project = await machine.open(template.api.slug, image);
  const address = await project.sandbox.address(await startApp(project.sandbox, { command, port }, signal));
  const sizes: number[] = [];
  for (const theme of themes) {
    const page = await browser.newPage({ colorScheme: theme, viewport: size, reducedMotion: "reduce" });
    await openFirstPage(page, `http://${address.host}:${address.port}/`);
    // Next.js shows a button of its own in development.
    const shot = await page.screenshot({ style: "nextjs-portal { display: none; }" });
    await page.close();
    const picture = await smallPicture(shot, { width: size.width / 2, maxBytes });
    await writeFile(join(template.image.sourceDir, "..", `preview-${theme}.webp`), picture);
    sizes.push(picture.length);
  }
  return sizes;
}
