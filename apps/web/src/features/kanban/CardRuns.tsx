import { Bot, MessageSquare, Square } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { activeCardRunStates, type Card, type CardRun } from "@tesslate/contract";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { RunCost, RunPill } from "./CardRunLine.tsx";
import { cardQuery } from "./kanban.queries.ts";

export const isCardRunActive = (run: CardRun | null): boolean => run !== null && activeCardRunStates.includes(run.state);

/** The agent's runs of a card, newest first; starts and stops them. */
export function CardRuns({
  projectId,
  card,
  onRun,
  onStop,
  onOpenChat,
}: {
  projectId: string;
  card: Card;
  onRun: () => void;
  onStop: (run: CardRun) => void;
  onOpenChat: (chatId: string) => void;
}) {
  const { api } = useServices();
  const earlier = useQuery(cardQuery(api, projectId, card.id)).data?.runs.filter((run) => run.chat_id !== card.run?.chat_id) ?? [];
  const { run } = card;
  return (
    <section aria-label="Agent" className="mt-6 border-t border-line-0 pt-4">
      <h3 className="text-sm font-medium">Agent</h3>
      {run ? (
        <div className="mt-2 rounded-2 border border-line-0 px-3 py-2.5">
          <Facts run={run} />
          {run.message === null ? null : <p className={run.state === "failed" ? "pt-1.5 text-err" : "pt-1.5 text-fg-1"}>{run.message}</p>}
          <div className="flex flex-wrap gap-1.5 pt-2.5">
            <Button size="sm" icon={<MessageSquare size={14} />} onClick={() => onOpenChat(run.chat_id)}>
              {run.state === "waiting" ? "Answer in chat" : "Open chat"}
            </Button>
            {run.state === "running" || run.state === "waiting" ? (
              <Button size="sm" variant="ghost" icon={<Square size={12} />} onClick={() => onStop(run)}>
                Stop run
              </Button>
            ) : null}
            {isCardRunActive(run) ? null : (
              <Button size="sm" variant="ghost" icon={<Bot size={14} />} onClick={onRun}>
                Run again
              </Button>
            )}
          </div>
        </div>
      ) : (
        <div className="grid justify-items-start gap-2 pt-1">
          <p className="text-fg-1">
            The agent gets the title and the description, and works on the card in a new chat. The card moves with the run.
          </p>
          <Button size="sm" variant="primary" icon={<Bot size={14} />} onClick={onRun}>
            Run with agent
          </Button>
        </div>
      )}
      {earlier.length > 0 ? (
        <ul aria-label="Earlier runs" className="pt-2">
          {earlier.map((one) => (
            <li key={one.chat_id}>
              <button
                type="button"
                onClick={() => onOpenChat(one.chat_id)}
                className="flex w-full items-center rounded-2 px-3 py-1 text-left hover:bg-bg-3 focus-visible:outline-2 narrow:min-h-11"
              >
                <Facts run={one} />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

const Facts = ({ run }: { run: CardRun }) => (
  <span className="flex min-w-0 flex-1 items-center gap-2 text-xs text-fg-2">
    <RunPill run={run} isBare />
    <RelativeTime at={run.ended_at ?? run.created_at} />
    <span className="flex-1" />
    <RunCost run={run} />
  </span>
);
