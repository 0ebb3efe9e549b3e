import { externalRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { lastEventId } from "../../agent/runs/index.ts";
import type { ExternalApi } from "./external.service.ts";

/** Routes for programs that run the agent with an API key. */
export function mountExternal(mount: Mount, { external }: { external: ExternalApi }): void {
  mount("external", externalRoutes, {
    invoke: ({ user }, { body }) => external.invoke(user, body),
    events: ({ user, signal, headers }, { params, query }) => {
      const afterSeq = lastEventId(headers, query);
      return external.events(user, params.task_id, { signal, ...(afterSeq !== undefined && { afterSeq }) });
    },
    status: ({ user }, { params }) => external.status(user, params.task_id),
  });
}
