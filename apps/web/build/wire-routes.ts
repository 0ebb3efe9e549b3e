import { contract } from "@tesslate/contract";
import type { Plugin } from "vite";

const publicId = "virtual:wire-routes";
const resolvedId = "\0virtual:wire-routes";

/**
 * The browser needs of each route only method, path and kind; schemas stay on the server. This hands the client exactly that,
 * read from the contract at build time, and keeps the schema library (28 KB gzip and growing with every route) out of the bundle.
 */
export function wireRoutes(): Plugin {
  return {
    name: "tesslate:wire-routes",
    resolveId: (id) => (id === publicId ? resolvedId : undefined),
    load(id) {
      if (id !== resolvedId) return undefined;
      const slim = Object.fromEntries(
        Object.entries(contract).map(([group, routes]) => [
          group,
          Object.fromEntries(
            Object.entries(routes).map(([name, spec]) => [
              name,
              { method: spec.method, path: spec.path, ...("kind" in spec ? { kind: spec.kind } : undefined) },
            ]),
          ),
        ]),
      );
      return `export const routes = ${JSON.stringify(slim)};`;
    },
  };
}
