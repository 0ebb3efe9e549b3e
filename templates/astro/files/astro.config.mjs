// @ts-check
// JavaScript: Astro starts a bundler of its own to read a configuration in TypeScript.
import mdx from "@astrojs/mdx";
import sitemap from "@astrojs/sitemap";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "astro/config";

export default defineConfig({
  // The address of the site: links in the feed and the sitemap are complete addresses.
  site: process.env["PUBLIC_URL"] ?? "https://example.com",
  integrations: [mdx(), sitemap()],
  vite: { plugins: [tailwindcss()] },
  devToolbar: { enabled: false },
  // The preview reaches this server through a proxy, at any host name.
  server: { host: true, port: Number(process.env["PORT"] ?? 4321), allowedHosts: true },
});
