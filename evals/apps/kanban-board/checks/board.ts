import type { Page } from "@playwright/test";
import { defineChecks, expect } from "../../../src/checks.ts";

const list = (page: Page, name: string) => page.getByRole("list", { name, exact: true });
const cards = (page: Page, name: string) => list(page, name).getByRole("listitem");
const card = (page: Page, name: string) => page.getByRole("listitem").filter({ hasText: name });
const add = async (page: Page, column: string, ...names: string[]) => {
  for (const name of names) {
    await page.getByLabel(`New card in ${column}`, { exact: true }).fill(name);
    await page.keyboard.press("Enter");
    await expect(card(page, name)).toBeVisible();
  }
};

export default defineChecks({
  "Cards can be added, and are counted": async ({ page, open }) => {
    await open();
    await add(page, "To do", "Write tests", "Review");
    await add(page, "Doing", "Deploy");
    await expect(cards(page, "To do")).toHaveCount(2);
    await expect(page.getByRole("heading", { name: "To do (2)" })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Doing (1)" })).toBeVisible();
    await expect(page.getByLabel("New card in To do", { exact: true })).toHaveValue("");
  },
  "A card can be dragged to another list": async ({ page, open }) => {
    await open();
    await add(page, "To do", "Write tests", "Review");
    await add(page, "Doing", "Deploy");
    await card(page, "Write tests").dragTo(list(page, "Doing"));
    await expect(cards(page, "Doing")).toHaveCount(2);
    await expect(cards(page, "Doing").last()).toContainText("Write tests");
    await expect(cards(page, "To do")).toHaveCount(1);
    await expect(page.getByRole("status")).toContainText("Write tests moved to Doing");
  },
  "A card moves between lists with the keyboard": async ({ page, open }) => {
    await open();
    await add(page, "To do", "Write tests");
    await card(page, "Write tests").focus();
    await page.keyboard.press("Alt+ArrowRight");
    await expect(cards(page, "Doing")).toHaveCount(1);
    await expect(card(page, "Write tests")).toBeFocused();
    await page.keyboard.press("Alt+ArrowRight");
    await expect(cards(page, "Done")).toHaveCount(1);
    await page.keyboard.press("Alt+ArrowRight");
    await expect(cards(page, "Done")).toHaveCount(1);
    await page.keyboard.press("Alt+ArrowLeft");
    await expect(cards(page, "Doing")).toHaveCount(1);
    await expect(page.getByRole("status")).toContainText("Write tests moved to Doing");
  },
  "A card moves within its list with the keyboard": async ({ page, open }) => {
    await open();
    await add(page, "To do", "First", "Second");
    await card(page, "Second").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await expect(cards(page, "To do").first()).toContainText("Second");
    await expect(card(page, "Second")).toBeFocused();
    await page.keyboard.press("Alt+ArrowUp");
    await page.keyboard.press("Alt+ArrowDown");
    await expect(cards(page, "To do").first()).toContainText("First");
  },
  "The board survives a reload": async ({ page, open }) => {
    await open();
    await add(page, "To do", "First", "Second");
    await card(page, "First").focus();
    await page.keyboard.press("Alt+ArrowRight");
    await expect(cards(page, "Doing")).toHaveCount(1);
    await page.reload();
    await expect(cards(page, "Doing")).toHaveCount(1);
    await expect(cards(page, "To do").first()).toContainText("Second");
  },
});
