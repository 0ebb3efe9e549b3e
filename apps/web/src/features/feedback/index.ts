export { boardSearch } from "./feedback-search.ts";
