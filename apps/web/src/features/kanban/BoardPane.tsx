import { useQuery } from "@tanstack/react-query";
import { useProject } from "../../project/project-context.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { meQuery } from "../users/index.ts";
import { BoardView } from "./BoardView.tsx";
import { useBoard } from "./use-board.ts";

/** The project's board: loads it and shows `BoardView`. */
export function BoardPane() {
  const project = useProject();
  const { openChat, runOptions } = useWorkbenchActions();
  const user = useQuery(meQuery).data;
  const me = { id: user?.id ?? "", name: user?.name ?? "", username: user?.username ?? "" };
  const { query, board, hidden, actions } = useBoard(project.id, me, { openChat, runOptions });
  if (board) return <BoardView projectId={project.id} board={board} hidden={hidden} me={me} actions={actions} openChat={openChat} />;
  if (query.error) return <LoadFailed title="Couldn't load the board" of={query} />;
  return (
    <div role="status" aria-label="Loading board…" className="flex min-h-0 flex-1 flex-col overflow-hidden">
      <Bar>
        <Skeleton className="h-7 w-56" />
      </Bar>
      <div className="flex gap-3 px-3">
        {[3, 2, 1, 2, 3].map((cards, column) => (
          <div key={column} className="grid w-68 flex-none content-start gap-2 rounded-3 bg-bg-2 p-2">
            <Skeleton className="h-5 w-28" />
            {Array.from({ length: cards }, (_, card) => (
              <Skeleton key={card} className="h-16" />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
