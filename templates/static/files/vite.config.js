import { defineConfig } from "vite";
import { waitForApi } from "./wait-for-api.ts";

const port = Number(process.env.PORT ?? 5173);
// Set when a container of this project is connected as the API: the page asks for /api at its own address.
const api = process.env.API_URL;
const proxy = api ? { "/api": waitForApi({ target: api, changeOrigin: true, ws: true }) } : {};

export default defineConfig({
  // The preview reaches this server through a proxy: any host name is fine, the port is not negotiable,
  // and reloads use whatever address the page was opened at.
  server: { host: "0.0.0.0", port, strictPort: true, allowedHosts: true, proxy },
  preview: { host: "0.0.0.0", port, strictPort: true, allowedHosts: true, proxy },
});
