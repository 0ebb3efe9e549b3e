import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const next = (page: Page) => page.getByRole("button", { name: "Continue" }).click();
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const ship = async (page: Page) => {
  await page.getByLabel("Full name").fill("Ada Lovelace");
  await page.getByLabel("Street").fill("Alder Street 1");
  await page.getByLabel("City").fill("London");
  await next(page);
};

export default defineChecks({
  "The cart counts its total": async ({ page, open }) => {
    await open();
    await expect(heading(page, "Cart")).toBeVisible();
    await expect(page.getByText("Step 1 of 4")).toBeVisible();
    await expect(page.getByText("Total: €6.10")).toBeVisible();
    await page.getByLabel("Quantity of Rye bread").fill("3");
    await expect(page.getByText("Total: €14.50")).toBeVisible();
  },
  "An empty cart cannot be bought": async ({ page, open }) => {
    await open();
    await page.getByLabel("Quantity of Rye bread").fill("0");
    await page.getByLabel("Quantity of Croissant").fill("0");
    await expect(page.getByRole("button", { name: "Continue" })).toBeDisabled();
  },
  "The address is required": async ({ page, open }) => {
    await open();
    await next(page);
    await expect(heading(page, "Shipping")).toBeFocused();
    await page.getByLabel("Street").fill("Alder Street 1");
    await next(page);
    await expect(page.getByText("Enter your full name.")).toBeVisible();
    await expect(page.getByText("Enter your city.")).toBeVisible();
    await expect(page.getByText("Enter your street.")).toBeHidden();
    await expect(page.getByText("Step 2 of 4")).toBeVisible();
  },
  "Back keeps what was entered": async ({ page, open }) => {
    await open();
    await page.getByLabel("Quantity of Croissant").fill("2");
    await next(page);
    await ship(page);
    await expect(heading(page, "Payment")).toBeFocused();
    await page.getByRole("button", { name: "Back" }).click();
    await expect(page.getByLabel("City")).toHaveValue("London");
    await page.getByRole("button", { name: "Back" }).click();
    await expect(page.getByLabel("Quantity of Croissant")).toHaveValue("2");
  },
  "A card needs 16 digits, an invoice none": async ({ page, open }) => {
    await open();
    await next(page);
    await ship(page);
    await page.getByRole("radio", { name: "Card" }).check();
    await page.getByLabel("Card number").fill("4242 4242");
    await next(page);
    await expect(page.getByText("Enter a card number of 16 digits.")).toBeVisible();
    await page.getByRole("radio", { name: "Invoice" }).check();
    await next(page);
    await expect(heading(page, "Review")).toBeFocused();
  },
  "The order is reviewed and placed": async ({ page, open }) => {
    await open();
    await page.getByLabel("Quantity of Rye bread").fill("2");
    await next(page);
    await ship(page);
    await page.getByRole("radio", { name: "Card" }).check();
    await page.getByLabel("Card number").fill("4242 4242 4242 1881");
    await next(page);
    await expect(page.getByText("Step 4 of 4")).toBeVisible();
    for (const text of ["Rye bread", "Ada Lovelace", "Alder Street 1", "London", "1881", "Total: €10.30"])
      await expect(page.getByText(text).first()).toBeVisible();
    await expect(page.getByText("4242")).toHaveCount(0);
    await page.getByRole("button", { name: "Place order" }).click();
    await expect(page.getByRole("heading", { name: "Order placed" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Continue" })).toHaveCount(0);
  },
});
