export type { BoardSearch } from "./feedback.queries.ts";
