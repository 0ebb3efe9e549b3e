import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { animationsEnded } from "./screens.ts";

const folder = join(import.meta.dirname, "../docs/images");

/** Writes what the page shows to `docs/images/<name>.png`, without notifications. Colors are reduced, which keeps the files small. */
export async function picture(page: Page, name: string): Promise<void> {
  // Not over anything that reacts to the mouse.
  await page.mouse.move(0, 0);
  await animationsEnded(page);
  const shot = await page.screenshot({ style: "[data-sonner-toaster] { display: none; }" });
  await sharp(shot)
    .png({ palette: true, quality: 80, dither: 0, effort: 10, compressionLevel: 9 })
    .toFile(join(folder, `${name}.png`));
}
