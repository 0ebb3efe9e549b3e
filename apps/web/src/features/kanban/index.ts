export { cardSearch } from "./card-search.ts";
