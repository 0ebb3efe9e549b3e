export { changeSetQuery, diffKey, type Point } from "./changes.queries.ts";
export { FileChanges, Lines } from "./FileChanges.tsx";
