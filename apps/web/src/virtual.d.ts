declare module "virtual:wire-routes" {
  import type { Contract } from "@tesslate/contract";
  /** Typed as the whole contract; at run time each route carries only `method`, `path` and `kind` (build/wire-routes.ts). */
  export const routes: Contract;
}
