export { createCassettes, type Cassettes } from "./cassettes.service.ts";
export { createCassettesStore } from "./cassettes.store.ts";
export { mountCassettes } from "./cassettes.routes.ts";
