import { Button } from "../../ui/Button.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import type { Waiting } from "./use-waiting-card.ts";

/** Above the composer while a card waits that did not get the focus. */
export const WaitingHint = ({ waiting, onGo }: { waiting: Waiting; onGo: () => void }) => (
  <div className="flex min-w-0 items-center gap-2 px-1 pb-1.5 text-xs text-fg-1">
    <span className="min-w-0 flex-1">{waiting.title}</span>
    <Button
      size="sm"
      variant="ghost"
      className="flex-none"
      aria-keyshortcuts={ariaKeys("chat.answer")}
      keys={<ShortcutKeys id="chat.answer" />}
      onClick={onGo}
    >
      Go to request
    </Button>
  </div>
);
