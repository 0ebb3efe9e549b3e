export type { DumpTarget } from "./connection.ts";
export { dumpDatabase, listDatabases, sizeOfDatabases } from "./dump.ts";
export { loadDatabase } from "./load.ts";
