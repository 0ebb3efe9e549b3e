import { searchRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Search } from "./search.service.ts";

export function mountSearch(mount: Mount, { search }: { search: Search }): void {
  mount("search", searchRoutes, { find: ({ user }, { query }) => search.find(user, query) });
}
