import { defineChecks, expect } from "../../../src/checks.ts";

export default defineChecks({
  "Home looks as before": async ({ page, open }) => {
    await open();
    await expect(page.getByRole("article")).toHaveCount(2);
    await expect(page.getByRole("article").first()).toContainText("Rye bread New");
    await expect(page.getByRole("article").first()).toContainText("€4.20");
    await expect(page.getByRole("heading", { name: "Croissant" })).toBeVisible();
  },
  "Offers looks as before": async ({ page, open }) => {
    await open();
    await page.getByRole("button", { name: "Offers" }).click();
    await expect(page.getByRole("article")).toHaveCount(1);
    await expect(page.getByRole("heading", { name: "Yesterday's bread" })).toBeVisible();
    await expect(page.getByText("€2.00")).toBeVisible();
  },
});
