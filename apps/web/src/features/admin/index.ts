export { adminPlaces } from "./admin-places.tsx";
export { tableSearch } from "./table/table-search.ts";
