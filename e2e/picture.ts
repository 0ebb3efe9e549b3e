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

/** A WebP of that width, in the best quality that fits into `maxBytes`. Throws if even the lowest does not. */
export async function smallPicture(png: Buffer, { width, maxBytes }: { width: number; maxBytes: number }): Promise<Buffer> {
  for (const quality of [90, 80, 70, 60, 50, 40]) {
    const picture = await sharp(png).resize({ width }).webp({ quality, effort: 6 }).toBuffer();
    if (picture.length <= maxBytes) return picture;
  }
  throw new Error(`The picture does not fit into ${maxBytes} bytes.`);
}
