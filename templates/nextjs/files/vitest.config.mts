import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: "jsdom",
    include: ["{app,components,hooks,lib}/**/*.test.{ts,tsx}"],
    setupFiles: ["test/setup.ts"],
  },
});
