export type { DumpTarget } from "./connection.ts";
export { dumpDatabase, listDatabases, sizeOfDatabases, writeDump } from "./dump.ts";
export { loadDatabase, openDump } from "./load.ts";
export { isEmptyDatabase, replaceDatabase } from "./replace-database.ts";
