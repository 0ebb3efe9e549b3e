export { helpSearch } from "./help-search.ts";
