import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const theSwitch = (page: Page) => page.getByRole("switch", { name: "Dark mode" });
/** Light and dark by how bright the page is behind its text. */
const scheme = async (page: Page): Promise<string> => {
  const color = await page.evaluate<string>(
    `(() => {
      const canvas = document.createElement("canvas").getContext("2d");
      for (const part of [document.documentElement, document.body]) {
        canvas.fillStyle = getComputedStyle(part).backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
      }
      return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3).join(",");
    })()`,
  );
  return color.split(",").reduce((sum, part) => sum + Number(part), 0) > 382 ? "light" : "dark";
};

export default defineChecks({
  "The page follows the system at first": async ({ page, open }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await open();
    expect(await scheme(page)).toBe("dark");
    await expect(theSwitch(page)).toHaveAttribute("aria-checked", "true");
    await page.emulateMedia({ colorScheme: "light" });
    await open();
    expect(await scheme(page)).toBe("light");
    await expect(theSwitch(page)).toHaveAttribute("aria-checked", "false");
  },
  "The switch changes the page and back": async ({ page, open }) => {
    await open();
    await theSwitch(page).click();
    await expect(theSwitch(page)).toHaveAttribute("aria-checked", "true");
    await expect.poll(() => scheme(page)).toBe("dark");
    await theSwitch(page).click();
    await expect.poll(() => scheme(page)).toBe("light");
  },
  "The keyboard works": async ({ page, open }) => {
    await open();
    await theSwitch(page).focus();
    await page.keyboard.press("Space");
    await expect(theSwitch(page)).toHaveAttribute("aria-checked", "true");
    await expect.poll(() => scheme(page)).toBe("dark");
  },
  "The choice survives a reload, whatever the system prefers": async ({ page, open }) => {
    await open();
    await theSwitch(page).click();
    await page.reload();
    await expect(theSwitch(page)).toHaveAttribute("aria-checked", "true");
    expect(await scheme(page)).toBe("dark");
    await theSwitch(page).click();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.reload();
    await expect(theSwitch(page)).toHaveAttribute("aria-checked", "false");
    expect(await scheme(page)).toBe("light");
  },
  "The rest of the page is kept": async ({ page, open }) => {
    await open();
    await expect(page.getByRole("heading", { name: "Ready to be built on" })).toBeVisible();
    await expect(page.getByText("Opened at")).toBeVisible();
  },
});
