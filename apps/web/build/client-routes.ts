import { routes } from "@tesslate/client/routes";
import type { Plugin } from "vite";

/** Bundles the value of the client's list of routes, without the schema library (28 kB gzip and growing with every route). */
export function clientRoutes(): Plugin {
  return {
    name: "tesslate:client-routes",
    load: (id) => (id.endsWith("/packages/client/src/routes.ts") ? `export const routes = ${JSON.stringify(routes)};` : undefined),
  };
}
