import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type ProxyOptions } from "vite";
import { directImports } from "./build/direct-imports.ts";
import { precompress } from "./build/precompress.ts";
import { pureContract } from "./build/pure-contract.ts";
import { createPartOf } from "./build/page-chunks.ts";
import { pagePreloads } from "./build/page-preloads.ts";
import { preloadFont } from "./build/preload-font.ts";
import { helpPages } from "./build/help-pages.ts";
import { clientRoutes } from "./build/client-routes.ts";

const server = process.env["STUDIO_SERVER"] ?? "http://127.0.0.1:8000";

// Cookie sessions check Origin; behind the dev proxy the page's origin is Vite's, so it is put right here.
const toServer: ProxyOptions = {
  target: server,
  changeOrigin: true,
  ws: true,
  configure: (proxy) => {
    const setOrigin = (request: { setHeader: (name: string, value: string) => void }) => request.setHeader("origin", server);
    proxy.on("proxyReq", setOrigin);
    proxy.on("proxyReqWs", setOrigin);
  },
};

export default defineConfig({
  plugins: [
    directImports(),
    react(),
    tailwindcss(),
    clientRoutes(),
    pureContract(),
    helpPages(),
    preloadFont("inter-latin-opsz-normal"),
    pagePreloads(),
    precompress(),
  ],
  server: {
    port: 5173,
    strictPort: false,
    proxy: { "/api": toServer, "/health": toServer, "/ready": toServer, "/docs": toServer, "/mcp": toServer, "/openapi.json": toServer },
  },
  build: {
    outDir: "dist",
    target: "es2024",
    // The CSP allows no inline script and no data: font; small assets stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // A few files of icons instead of one per icon, by the pages that show them: none loads what only others draw.
        codeSplitting: {
          groups: [
            { debugName: "parts", name: createPartOf(), priority: 2, includeDependenciesRecursively: false },
            {
              name: "icons",
              test: /lucide-react/,
              minShareCount: 2,
              includeDependenciesRecursively: false,
              entriesAware: true,
              entriesAwareMergeThreshold: 6_000,
            },
          ],
        },
        // The bundler names such a file after every page that uses it.
        chunkFileNames: ({ name }) => `assets/${name.startsWith("icons~") ? "icons" : "[name]"}-[hash].js`,
      },
    },
  },
});
