export { mountConnections } from "./connections.routes.ts";
export { createConnections, type Connections } from "./connections.service.ts";
export { createConnectionsStore, type ConnectionsStore } from "./connections.store.ts";
export { createConnectionEnvironment } from "./connection-environment.ts";
export { createTemplateInsertion } from "./template-insertion.ts";
