import { CornerDownRight, GripVertical, Paperclip, Send, X } from "lucide-react";
import { Suspense, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { modeOf } from "../../lib/edit-modes.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { reorderLine, useReorder } from "../../ui/use-reorder.ts";
import { WaysOut } from "../billing/index.ts";
import type { SendFailure } from "./chat.types.ts";
import { EditableLine } from "./EditableLine.tsx";
import type { MessageQueue } from "./use-queue.ts";

/** The queue waits for credits. */
export const isHeldByCredits = ({ items, held }: Pick<MessageQueue, "items" | "held">): boolean =>
  items.length > 0 && (held?.reason === "insufficient_credits" || held?.reason === "credits_exhausted");

/** Queued messages. They can be reordered, edited, removed, or sent to the active run. `offersCredits`: nothing above says how to get credits. */
export function QueueList({ queue, isRunning, offersCredits }: { queue: MessageQueue; isRunning: boolean; offersCredits: boolean }) {
  const { items, held } = queue;
  const [failure, setFailure] = useState<string>();
  const [isResuming, setIsResuming] = useState(false);
  const short = (id: string) => (items.find((item) => item.id === id)?.message ?? "").slice(0, 60);
  const showFailure = (call: Promise<SendFailure | undefined>) => void call.then((refused) => setFailure(refused?.message));
  const reorder = useReorder({
    ids: items.map((item) => item.id),
    nameOf: short,
    onMove: (id, before) => showFailure(queue.move(id, before)),
  });
  if (items.length === 0) return null;
  const isOutOfCredits = isHeldByCredits(queue);
  const next = items.find((item) => !item.is_steering);
  const first = next?.id;
  /** The chat has no run, so it is one of another chat. */
  const isOtherAwaited = next?.workspace === "wait" && !isRunning;
  return (
    <section aria-label="Queued messages" className="text-xs">
      {held && !isRunning ? (
        <div className="flex min-h-7 flex-wrap items-center gap-x-2 gap-y-1 pb-0.5 text-fg-1">
          <span className="min-w-0 flex-1 leading-note">
            <b className="font-semibold">On hold.</b> {isOutOfCredits && !offersCredits ? "Waiting for credits." : held.message}
          </span>
          {isOutOfCredits && offersCredits ? (
            <Suspense fallback={null}>
              <WaysOut error={{ code: "insufficient_credits" }} />
            </Suspense>
          ) : null}
          <Button
            size="sm"
            isLoading={isResuming}
            onClick={() => {
              setIsResuming(true);
              showFailure(queue.resume().finally(() => setIsResuming(false)));
            }}
          >
            Resume queue
          </Button>
        </div>
      ) : null}
      <ol role="list" className="scroll-y flex max-h-44 flex-col narrow:max-h-52">
        {items.map((item) => (
          <li
            key={item.id}
            {...reorder.item(item.id)}
            data-steering={item.is_steering || undefined}
            className={cx(
              "group flex min-h-6.5 items-center gap-1 rounded-2 text-fg-1 data-dragged:opacity-40 narrow:min-h-10",
              reorderLine,
            )}
          >
            <button
              type="button"
              aria-label={`Move: ${short(item.id)}`}
              title="Drag, or press the arrow keys"
              {...reorder.grip(item.id)}
              className="relative grid h-6 w-4 flex-none cursor-grab place-items-center rounded-1 text-fg-3 before:absolute before:-inset-x-1 hover:bg-bg-3 hover:text-fg-0 narrow:h-10 narrow:w-6"
            >
              <GripVertical size={14} aria-hidden="true" />
            </button>
            <EditableLine
              value={item.message}
              empty="No text"
              label="Queued message"
              maxLength={10_000}
              onSave={(text) => showFailure(queue.edit(item.id, text))}
            />
            {item.attachment_count > 0 ? (
              <span className="num flex flex-none items-center gap-0.5 text-2xs text-fg-2">
                <Paperclip size={12} aria-hidden="true" />
                <span aria-hidden="true">{item.attachment_count}</span>
                <span className="sr-only">{counted(item.attachment_count, "attachment")}</span>
              </span>
            ) : null}
            <span className={cx("flex-none text-2xs", item.is_steering ? "font-medium text-fg-0" : "text-fg-2")}>
              {item.is_steering ? "steering" : item.id === first ? (isOtherAwaited ? "after the other run" : "next") : ""}
              {item.is_steering ? null : <span className={cx(item.id === first && "ml-1.5")}>{modeOf(item.edit_mode).label}</span>}
            </span>
            {item.is_steering || (isRunning && item.attachment_count > 0) ? null : (
              <IconButton
                size="sm"
                tooltipSide="top"
                label={isRunning ? "Steer now" : "Send now"}
                onClick={() => showFailure(queue.steerNow(item.id))}
              >
                {isRunning ? <CornerDownRight size={14} /> : <Send size={14} />}
              </IconButton>
            )}
            <IconButton size="sm" tooltipSide="top" label="Remove from queue" onClick={() => showFailure(queue.remove(item.id))}>
              <X size={14} />
            </IconButton>
          </li>
        ))}
      </ol>
      {failure ? (
        <p role="alert" className="pt-1 leading-note text-err">
          {failure}
        </p>
      ) : null}
      <span role="status" className="sr-only">
        {reorder.said}
      </span>
    </section>
  );
}
