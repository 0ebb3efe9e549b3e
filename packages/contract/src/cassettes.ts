import { Type, Uuid } from "./schema.ts";
import { route } from "./route.ts";

export const cassettesRoutes = {
  get: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/cassette",
    tag: "runs",
    summary: "Download recorded run",
    description:
      "A recorded run as JSON lines, to replay or fork it. Runs are recorded in projects whose setting `record_cassettes` is on.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    kind: "raw",
    contentType: "application/x-ndjson",
    params: Type.Object({ task_id: Uuid }),
    errors: ["not_found"],
  }),
};
