import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const rows = (page: Page) => page.locator("tbody tr");
const cells = (page: Page, column: number) => page.locator(`tbody tr td:nth-child(${column}), tbody tr th:nth-child(${column})`);
const sortBy = (page: Page, name: string) => page.getByRole("columnheader", { name }).getByRole("button").click();

export default defineChecks({
  "All rows of the file are shown": async ({ page, open }) => {
    await open();
    await expect(rows(page)).toHaveCount(8);
    await expect(page.getByText("8 of 8 cities")).toBeVisible();
    await expect(page.getByText("15,388,000")).toBeVisible();
  },
  "Quoted values with commas and quotes are read": async ({ page, open }) => {
    await open();
    await expect(page.getByText("Largest city of Nigeria, not its capital")).toBeVisible();
    await expect(page.getByText('Called "the face of God" by its poets')).toBeVisible();
  },
  "The rows come from the file": async ({ page, open }) => {
    const csv = "city,country,population,founded,note\nOslo,Norway,717710,1040,Replaced by the check\n";
    await page.route("**/cities.csv*", (route) => route.fulfill({ contentType: "text/csv", body: csv }));
    await open();
    await expect(rows(page)).toHaveCount(1);
    await expect(page.getByText("Replaced by the check")).toBeVisible();
  },
  "Numbers are sorted as numbers, in both directions": async ({ page, open }) => {
    await open();
    await sortBy(page, "Population");
    await expect(cells(page, 1)).toHaveText(["Reykjavík", "Hobart", "Oaxaca", "Cusco", "Tallinn", "Kyoto", "Quito", "Lagos"]);
    await expect(page.getByRole("columnheader", { name: "Population" })).toHaveAttribute("aria-sort", "ascending");
    await sortBy(page, "Population");
    await expect(cells(page, 1).first()).toHaveText("Lagos");
    await expect(page.getByRole("columnheader", { name: "Population" })).toHaveAttribute("aria-sort", "descending");
  },
  "Another column replaces the order": async ({ page, open }) => {
    await open();
    await sortBy(page, "Founded");
    await sortBy(page, "City");
    await expect(cells(page, 1).first()).toHaveText("Cusco");
    await expect(page.locator("th[aria-sort=ascending], th[aria-sort=descending]")).toHaveCount(1);
  },
  "The filter looks in all columns, whatever the case": async ({ page, open }) => {
    await open();
    await page.getByLabel("Filter").fill("CAPITAL");
    await expect(page.getByText("4 of 8 cities")).toBeVisible();
    await page.getByLabel("Filter").fill("peru");
    await expect(rows(page)).toHaveCount(1);
    await page.getByLabel("Filter").fill("atlantis");
    await expect(page.getByText("No cities match.")).toBeVisible();
  },
});
