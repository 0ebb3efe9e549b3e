import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { waitForApi } from "./wait-for-api.ts";

const port = Number(process.env["PORT"] ?? 5173);
const api = process.env["API_URL"] ?? "http://localhost:3000";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // "@/" is src/, as tsconfig.json says.
  resolve: { tsconfigPaths: true },
  // Every module is scanned, also components that no page uses yet: a page that starts to use one loads without a restart of the bundler.
  optimizeDeps: { entries: ["index.html", "src/**/*.{ts,tsx}"] },
  server: {
    host: true,
    port,
    strictPort: true,
    // The preview reaches this server through a proxy, at any host name.
    allowedHosts: true,
    // The page and its API have one origin, as in production.
    proxy: { "/api": waitForApi({ target: api }) },
  },
});
