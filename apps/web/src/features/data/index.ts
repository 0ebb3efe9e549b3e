export { dataSearch } from "./data-search.ts";
