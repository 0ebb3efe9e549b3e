export type { DumpTarget } from "./connection.ts";
export { dumpConnection, dumpDatabase, listDatabases, sizeOfDatabases } from "./dump.ts";
export { loadDatabase } from "./load.ts";
export { isDatabaseEmpty, replaceDatabase } from "./replace-database.ts";
export { readTableFigures, type TableFigures } from "./table-figures.ts";
