import { SquareKanban } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useProject } from "../../project/project-context.ts";
import { chatSessionsQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";

/** The card that the open chat works on, on the board. */
export function CardLink({ chatId }: { chatId: string | undefined }) {
  const { id, slug } = useProject();
  const { api } = useServices();
  const { show } = useWorkbenchActions();
  const isNarrow = useIsNarrow();
  const { data: card } = useQuery({
    ...chatSessionsQuery(api, id),
    select: (sessions) => sessions.find((session) => session.id === chatId)?.card,
  });
  if (!card) return null;
  const ref = `TSK-${String(card.ref_number).padStart(4, "0")}`;
  return (
    <Link
      to="/p/$slug/{-$view}"
      params={{ slug, view: "board" }}
      hash={ref}
      title={card.title}
      aria-label={`Open card ${ref}`}
      // A phone shows one view at a time.
      onClick={() => isNarrow && show("board")}
      className="flex h-6 flex-none items-center gap-1.25 rounded-2 px-1.5 font-mono text-2xs text-fg-2 hover:bg-bg-3 hover:text-fg-0 focus-visible:outline-2 narrow:h-11"
    >
      <SquareKanban size={12} aria-hidden="true" />
      {ref}
    </Link>
  );
}
