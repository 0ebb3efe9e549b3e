import { Trash2 } from "lucide-react";
import type { Board, Card, UserRef } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { refOf } from "./board.ts";
import { CardComments } from "./CardComments.tsx";
import { CardFields } from "./CardFields.tsx";
import { CardRuns } from "./CardRuns.tsx";
import type { BoardActions } from "./use-board.ts";

export interface CardSheetProps {
  projectId: string;
  card: Card;
  board: Board;
  me: UserRef;
  actions: BoardActions;
  onClose: () => void;
  onOpenChat: (chatId: string) => void;
}

/** The details of a card. */
export function CardSheet({ projectId, card, board, me, actions, onClose, onOpenChat }: CardSheetProps) {
  return (
    <Sheet
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={refOf(card)}
      footer={
        <>
          <span className="flex-1" />
          <Button
            variant="danger"
            icon={<Trash2 size={14} />}
            onClick={() => {
              onClose();
              actions.deleteCard(card);
            }}
          >
            Delete card
          </Button>
        </>
      }
    >
      <CardFields
        key={card.id}
        card={card}
        board={board}
        me={me}
        onChange={(change) => actions.updateCard(card.id, change)}
        onMove={(columnId) =>
          actions.moveCard(card.id, columnId, board.columns.find((column) => column.id === columnId)?.tasks.length ?? 0)
        }
      />
      <CardRuns
        projectId={projectId}
        card={card}
        onRun={() => void actions.runCard(card)}
        onStop={(run) => void actions.stopRun(run)}
        onOpenChat={onOpenChat}
      />
      <CardComments projectId={projectId} cardId={card.id} onSend={(content) => actions.comment(card.id, content)} />
      <p className="pt-5 text-xs text-fg-2">
        {card.reporter ? `Created by ${card.reporter.name}` : "Created"} <RelativeTime at={card.created_at} />
        {card.completed_at ? (
          <>
            {" · Completed "}
            <RelativeTime at={card.completed_at} />
          </>
        ) : null}
      </p>
    </Sheet>
  );
}
