export { createDatabases, type Databases } from "./databases.service.ts";
export { mountDatabases } from "./databases.routes.ts";
export { createPostgresConnections } from "./postgres/connections.store.ts";
