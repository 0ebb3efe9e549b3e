export { mountSystem, type Checks, type SystemFacts } from "./system.routes.ts";
