export { createDatabaseTools } from "./database.tools.ts";
