import { Type, Uuid } from "./schema.ts";
import { route } from "./route.ts";

export const cassettesRoutes = {
  get: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/cassette",
    tag: "chat",
    summary: "A recorded run as JSON lines, to be played again or forked; recorded where `record_cassettes` is set",
    auth: "user",
    kind: "raw",
    contentType: "application/x-ndjson",
    params: Type.Object({ task_id: Uuid }),
    errors: ["not_found"],
  }),
};
