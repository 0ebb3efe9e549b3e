/// <reference lib="dom" />
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOpenApi } from "../openapi.ts";
import { installReference } from "./index.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));

describe.skipIf(!executablePath)("the API reference in a browser (needs Chromium)", () => {
  let app: FastifyInstance;
  let url: string;
  let browser: Browser;
  beforeAll(async () => {
    app = Fastify();
    installReference(app, () => buildOpenApi(undefined, { version: "1.2.3" }));
    url = await app.listen({ port: 0, host: "127.0.0.1" });
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  test.each([
    [1280, 800],
    [1024, 768],
    [390, 844],
  ])("“Try it out” opens the form at the top, as wide as the page, and focuses it: %i px", async (width, height) => {
    const page = await browser.newPage({ viewport: { width, height } });
    await page.goto(`${url}/docs#/Projects/projects.create`);
    await page.getByRole("button", { name: "Try it out" }).click();
    const form = page.getByRole("region", { name: "Try it out" });
    await form.and(page.locator(":focus")).waitFor();
    await form.getByRole("button", { name: "Execute" }).waitFor();
    const { top, share, overflow } = await page.evaluate(() => {
      const box = (selector: string) => document.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect();
      const column = document.querySelector("#main > #operation") ?? document.body;
      return {
        top: box("#swagger").top - box(".columns").top,
        share: box("#swagger .opblock").width / column.clientWidth,
        overflow: document.documentElement.scrollWidth - innerWidth,
      };
    });
    expect([top >= 0 && top < 40, share > 0.95, overflow]).toEqual([true, true, 0]);
    await page.close();
  });
});
