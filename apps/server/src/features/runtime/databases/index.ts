export type { FindDeployedService } from "./deployed.ts";
export { createDatabases, type Databases } from "./databases.service.ts";
export { mountDatabases } from "./databases.routes.ts";
export { createQueryHistoryStore } from "./history.store.ts";
export { createMysqlConnections } from "./mysql/connections.store.ts";
export { createPostgresConnections } from "./postgres/connections.store.ts";
export { createQueryHistory } from "./query-history.ts";
