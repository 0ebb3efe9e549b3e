import { defineChecks, expect } from "../../../src/checks.ts";

export default defineChecks({
  "The articles have their totals": async ({ page, open }) => {
    await open();
    await expect(page.getByRole("listitem")).toHaveCount(2);
    await expect(page.getByRole("listitem").filter({ hasText: "2 × Rye bread" })).toContainText("€8.40");
    await expect(page.getByRole("listitem").filter({ hasText: "5 × Croissant" })).toContainText("€9.50");
    await expect(page.getByText("Total: €17.90")).toBeVisible();
  },
  "“Add” raises a quantity": async ({ page, open }) => {
    await open();
    await page.getByRole("button", { name: "Add Rye bread" }).click();
    await expect(page.getByRole("listitem").filter({ hasText: "3 × Rye bread" })).toContainText("€12.60");
    await expect(page.getByText("Total: €22.10")).toBeVisible();
  },
});
