export { newProjectSearch } from "./new-project-search.ts";
