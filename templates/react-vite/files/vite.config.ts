import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const port = Number(process.env.PORT ?? 5173);

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The preview reaches this server through a proxy: any host name is fine, the port is not negotiable,
  // and hot updates use whatever address the page was opened at.
  server: { host: "0.0.0.0", port, strictPort: true, allowedHosts: true },
  preview: { host: "0.0.0.0", port, strictPort: true, allowedHosts: true },
});
