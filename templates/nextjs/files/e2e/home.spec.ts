import { expect, test } from "@playwright/test";
import { chromiumPath } from "./chromium.ts";

test.skip(!chromiumPath, "No Chromium found. Install one, or set CHROMIUM_PATH.");

test("opens the first page without errors", async ({ page }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(errors).toEqual([]);
});

test("shows a page of its own for an unknown address", async ({ page }) => {
  await page.goto("/no-such-page");
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the first page" }).click();
  await expect(page).toHaveURL("/");
});
