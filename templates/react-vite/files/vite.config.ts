import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type ProxyOptions } from "vite";
import { waitForApi } from "./wait-for-api.ts";

const port = Number(process.env.PORT ?? 5173);
// Set when a container of this project is connected as the API: the page asks for /api at its own address.
const api = process.env.API_URL;
const proxy: Record<string, ProxyOptions> = api ? { "/api": waitForApi({ target: api, changeOrigin: true, ws: true }) } : {};

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // "@/" is src/, as tsconfig.json says.
  resolve: { tsconfigPaths: true },
  // Every module is scanned, also components that no page uses yet: a page that starts to use one loads without a restart of the bundler.
  optimizeDeps: { entries: ["index.html", "src/**/*.{ts,tsx}", "!src/**/*.test.{ts,tsx}", "!src/test/**"] },
  // The preview reaches this server through a proxy: any host name is fine, the port is not negotiable,
  // and hot updates use whatever address the page was opened at.
  server: { host: "0.0.0.0", port, strictPort: true, allowedHosts: true, proxy },
  preview: { host: "0.0.0.0", port, strictPort: true, allowedHosts: true, proxy },
});
