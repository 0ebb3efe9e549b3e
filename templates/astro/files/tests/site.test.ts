import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatDay } from "../src/lib/format.ts";

// `npm test` builds the site first.
const dist = join(import.meta.dirname, "../dist");
const read = (path: string) => readFileSync(join(dist, path), "utf8");
const pages = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"));

test("every page has a language, one heading of the first level, a title and a description", () => {
  expect(pages.length).toBeGreaterThan(3);
  for (const path of pages) {
    const html = read(path);
    expect([path, html.match(/<h1[\s>]/g)?.length]).toEqual([path, 1]);
    expect([path, /<html lang="\w+/.test(html), /<title>[^<]+</.test(html), /<meta name="description" content="[^"]+"/.test(html)]).toEqual([path, true, true, true]);
  }
});

test("links inside the site lead to pages, and images have alternative texts", () => {
  for (const path of pages) {
    const html = read(path);
    for (const [, href = ""] of html.matchAll(/<a [^>]*href="(\/[^"#]*)/g)) {
      const target = join(dist, href);
      expect([path, href, existsSync(target) || existsSync(`${target}.html`) || existsSync(join(target, "index.html"))]).toEqual([path, href, true]);
    }
    for (const [image] of html.matchAll(/<img [^>]*>/g)) expect(image).toMatch(/ alt="[^"]/);
  }
});

test("feed and sitemap list the posts", () => {
  expect(read("rss.xml")).toContain("<title>The first post</title>");
  expect(read("sitemap-0.xml")).toContain("/blog/first-post/");
});

test("days are written out", () => {
  expect(formatDay(new Date("2026-03-14"))).toBe("March 14, 2026");
});
