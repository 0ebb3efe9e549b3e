import { CornerUpLeft, Copy, Ellipsis, GitFork, Undo2 } from "lucide-react";
import { RowMenu, type MenuEntry } from "../../ui/Menu.tsx";
import { toast } from "../../ui/toast.tsx";
import type { UserTurn } from "./chat.types.ts";
import { useRunActions } from "./run-actions.ts";
import type { TurnPosition } from "./transcript-rows.ts";

export const quoted = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return `“${line.length > 50 ? `${line.slice(0, 49).trimEnd()}…` : line}”`;
};

/** Menu of a message: restore, fork, copy. Shown on hover and focus, and always on touch screens. */
export function MessageMenu({ turn, position }: { turn: UserTurn; position: TurnPosition }) {
  const name = quoted(turn.text || (turn.attachments ?? []).map((one) => one.name).join(", "));
  const actions = useRunActions();
  if (turn.delivery !== "sent") return null;
  const { messageId, taskId, lastId, nextId, nextTaskId } = position;
  const entries = (): MenuEntry[] => [
    ...(actions && messageId && taskId
      ? [
          {
            label: "Restore to before this message…",
            icon: <Undo2 size={14} />,
            isDisabled: actions.isBusy,
            onSelect: () => actions.goBack({ messageId, taskId, label: `before ${name}` }),
          },
        ]
      : []),
    ...(actions && nextId && nextTaskId
      ? [
          {
            label: "Restore to after this message…",
            icon: <CornerUpLeft size={14} />,
            isDisabled: actions.isBusy,
            onSelect: () => actions.goBack({ messageId: nextId, taskId: nextTaskId, label: `after ${name}` }),
          },
        ]
      : []),
    ...(actions && lastId ? [{ label: "Fork from here", icon: <GitFork size={14} />, onSelect: () => actions.fork(lastId) }] : []),
    {
      label: "Copy text",
      icon: <Copy size={14} />,
      onSelect: () =>
        void navigator.clipboard.writeText(turn.text).then(
          () => toast("Copied."),
          () => toast("Couldn't copy. The browser blocked access to the clipboard.", { kind: "failed" }),
        ),
    },
  ];
  return (
    <span className="ml-auto opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 has-data-[state=open]:opacity-100 narrow:opacity-100 [@media(hover:none)]:opacity-100">
      <RowMenu label="Message" name={`Actions for ${name}`} entries={entries} icon={<Ellipsis size={14} />} />
    </span>
  );
}
