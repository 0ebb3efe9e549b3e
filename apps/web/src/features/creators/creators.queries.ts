import { queryOptions } from "@tanstack/react-query";
import { api } from "../../api.ts";

/** What somebody published, what it earns, and where it is paid to. */
export const dashboardQuery = queryOptions({
  queryKey: ["creators", "dashboard"],
  queryFn: ({ signal }) => api.creatorStudio.dashboard(undefined, { signal }),
});
