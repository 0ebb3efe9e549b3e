import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const create = async (page: Page, title: string, text: string) => {
  await page.getByRole("button", { name: "New note" }).click();
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Text").fill(text);
};
const preview = (page: Page) => page.getByRole("region", { name: "Preview" });
const entries = (page: Page) => page.getByRole("list", { name: "Notes" }).getByRole("button");

export default defineChecks({
  "Markdown is shown in the preview": async ({ page, open }) => {
    await open();
    await create(
      page,
      "Bread",
      "# Rye bread\n\nIt is **dark** and *sour*, see `recipe.txt`.\n\n- flour\n- water\n\n[More](https://example.org/bread)",
    );
    await expect(preview(page).getByRole("heading", { level: 1, name: "Rye bread" })).toBeVisible();
    await expect(preview(page).locator("strong")).toHaveText("dark");
    await expect(preview(page).locator("em")).toHaveText("sour");
    await expect(preview(page).locator("code")).toHaveText("recipe.txt");
    await expect(preview(page).getByRole("listitem")).toHaveText(["flour", "water"]);
    await expect(preview(page).getByRole("link", { name: "More" })).toHaveAttribute("href", "https://example.org/bread");
  },
  "HTML and scripts of a note are not executed": async ({ page, open }) => {
    await open();
    await create(
      page,
      "Attack",
      "<img src=x onerror=\"document.title='executed'\"> <b>raw</b>\n\n[Click](javascript:document.title='executed')",
    );
    await expect(preview(page)).toContainText("<b>raw</b>");
    await expect(preview(page).locator("img, b")).toHaveCount(0);
    await expect(preview(page).locator("a[href^='javascript']")).toHaveCount(0);
    await expect(page).not.toHaveTitle("executed");
  },
  "The search looks in titles and texts": async ({ page, open }) => {
    await open();
    await create(page, "Bread", "flour and WATER");
    await create(page, "Trip", "Take the water bottle");
    await create(page, "", "nothing");
    await expect(entries(page)).toHaveCount(3);
    await expect(page.getByRole("button", { name: "Untitled" })).toHaveAttribute("aria-current", "true");
    await page.getByLabel("Search").fill("water");
    await expect(entries(page)).toHaveCount(2);
    await page.getByLabel("Search").fill("TRIP");
    await expect(entries(page)).toHaveText(["Trip"]);
    await page.getByLabel("Search").fill("absent");
    await expect(page.getByText("No notes found.")).toBeVisible();
  },
  "A note can be deleted": async ({ page, open }) => {
    await open();
    await create(page, "First", "a");
    await create(page, "Second", "b");
    await page.getByRole("button", { name: "Delete note" }).click();
    await expect(entries(page)).toHaveText(["First"]);
  },
  "Notes survive a reload": async ({ page, open }) => {
    await open();
    await create(page, "Bread", "**dark**");
    await page.reload();
    await page.getByRole("button", { name: "Bread" }).click();
    await expect(page.getByLabel("Text")).toHaveValue("**dark**");
    await expect(preview(page).locator("strong")).toHaveText("dark");
  },
});
