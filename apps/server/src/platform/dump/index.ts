export type { DumpTarget } from "./connection.ts";
export { dumpDatabase, listDatabases } from "./dump.ts";
export { loadDatabase } from "./load.ts";
