import { defineConfig } from "@playwright/test";
import { chromiumPath } from "./e2e/chromium.ts";

/** Tests of the running app: the page of `npm run dev`, with the API beside it, unless APP_URL names another one. */
export default defineConfig({
  testDir: "e2e",
  forbidOnly: true,
  use: {
    baseURL: process.env["APP_URL"] ?? `http://localhost:${process.env["PORT"] ?? 5173}`,
    launchOptions: { executablePath: chromiumPath },
  },
});
