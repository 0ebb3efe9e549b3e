import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const send = (page: Page) => page.getByRole("button", { name: "Send message" }).click();
const fill = async (page: Page, values: Record<string, string>) => {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label).fill(value);
};

export default defineChecks({
  "An empty form names every invalid field and focuses the first": async ({ page, open }) => {
    await open();
    await expect(page.locator("[aria-invalid=true]")).toHaveCount(0);
    await send(page);
    await expect(page.locator("[aria-invalid=true]")).toHaveCount(3);
    for (const text of ["Enter your name.", "Enter a valid email address.", "Enter at least 20 characters."])
      await expect(page.getByText(text)).toBeVisible();
    await expect(page.getByLabel("Name")).toBeFocused();
  },
  "Only what is invalid is reported": async ({ page, open }) => {
    await open();
    await fill(page, { Name: "Ada", Email: "ada at example", Message: "This message is long enough." });
    await send(page);
    await expect(page.locator("[aria-invalid=true]")).toHaveCount(1);
    await expect(page.getByLabel("Email")).toBeFocused();
    await expect(page.getByText("Enter your name.")).toBeHidden();
  },
  "Spaces are not a message": async ({ page, open }) => {
    await open();
    await fill(page, { Name: "Ada", Email: "ada@example.org", Message: `short${" ".repeat(30)}` });
    await send(page);
    await expect(page.getByText("Enter at least 20 characters.")).toBeVisible();
  },
  "An error disappears when its field is valid": async ({ page, open }) => {
    await open();
    await send(page);
    await fill(page, { Email: "ada@example.org" });
    await expect(page.getByText("Enter a valid email address.")).toBeHidden();
    await expect(page.getByText("Enter your name.")).toBeVisible();
  },
  "A valid form is sent": async ({ page, open }) => {
    await open();
    await fill(page, { Name: "Ada", Email: "ada@example.org", Message: "This message is long enough." });
    await send(page);
    await expect(page.getByRole("status")).toContainText("Thank you, Ada.");
    await expect(page.getByLabel("Message")).toHaveCount(0);
    await page.getByRole("button", { name: "Send another message" }).click();
    await expect(page.getByLabel("Name")).toHaveValue("");
    await expect(page.locator("[aria-invalid=true]")).toHaveCount(0);
  },
});
