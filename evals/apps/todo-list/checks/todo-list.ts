import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const add = async (page: Page, ...names: string[]) => {
  for (const name of names) {
    await page.getByLabel("New task").fill(name);
    await page.getByRole("button", { name: "Add", exact: true }).click();
  }
};
const filter = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

export default defineChecks({
  "Tasks can be added with the button and with Enter": async ({ page, open }) => {
    await open();
    await add(page, "Buy flour");
    await page.getByLabel("New task").fill("Bake bread");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("listitem")).toHaveCount(2);
    await expect(page.getByRole("checkbox", { name: "Bake bread" })).not.toBeChecked();
    await expect(page.getByLabel("New task")).toHaveValue("");
    await expect(page.getByText("2 tasks left")).toBeVisible();
  },
  "An empty name adds nothing": async ({ page, open }) => {
    await open();
    await add(page, "Only one", "   ");
    await expect(page.getByRole("listitem")).toHaveCount(1);
    await expect(page.getByText("1 task left")).toBeVisible();
  },
  "Filters show active and done tasks": async ({ page, open }) => {
    await open();
    await add(page, "Buy flour", "Bake bread", "Eat");
    await page.getByRole("checkbox", { name: "Bake bread" }).check();
    await filter(page, "Active").click();
    await expect(page.getByRole("checkbox")).toHaveCount(2);
    await expect(filter(page, "Active")).toHaveAttribute("aria-pressed", "true");
    await expect(filter(page, "All")).toHaveAttribute("aria-pressed", "false");
    await filter(page, "Done").click();
    await expect(page.getByRole("checkbox")).toHaveCount(1);
    await expect(page.getByRole("checkbox", { name: "Bake bread" })).toBeChecked();
    await expect(page.getByText("2 tasks left")).toBeVisible();
  },
  "A task can be deleted": async ({ page, open }) => {
    await open();
    await add(page, "Buy flour", "Bake bread");
    await page.getByRole("button", { name: "Delete Buy flour" }).click();
    await expect(page.getByRole("checkbox")).toHaveCount(1);
    await expect(page.getByRole("checkbox", { name: "Bake bread" })).toBeVisible();
  },
  "Tasks and the filter survive a reload": async ({ page, open }) => {
    await open();
    await add(page, "Buy flour", "Bake bread");
    await page.getByRole("checkbox", { name: "Buy flour" }).check();
    await filter(page, "Done").click();
    await page.reload();
    await expect(filter(page, "Done")).toHaveAttribute("aria-pressed", "true");
    await expect(page.getByRole("checkbox")).toHaveCount(1);
    await expect(page.getByRole("checkbox", { name: "Buy flour" })).toBeChecked();
    await filter(page, "All").click();
    await expect(page.getByRole("checkbox")).toHaveCount(2);
  },
});
