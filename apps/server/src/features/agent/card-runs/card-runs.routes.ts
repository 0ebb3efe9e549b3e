import { kanbanRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { CardRuns } from "./card-runs.service.ts";

const { runCard } = kanbanRoutes;

export function mountCardRuns(mount: Mount, { cardRuns }: { cardRuns: CardRuns }): void {
  mount(
    "kanban",
    { runCard },
    {
      runCard: async ({ user }, { params, body }) => {
        const run = await cardRuns.run(user, params.project_id, params.id.toLowerCase(), body);
        return { ...run, status_url: run.task_id === null ? null : `/api/tasks/${run.task_id}` };
      },
    },
  );
}
