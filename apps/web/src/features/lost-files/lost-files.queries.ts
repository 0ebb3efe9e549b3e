import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";

/** Whether the server has the files of a project, and what they can be restored from. */
export const filesCopyQuery = (api: Client<Contract>, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "files-copy"),
    queryFn: ({ signal }) => api.snapshots.filesCopy({ params: { id: projectId } }, { signal }),
    ...live,
  });
