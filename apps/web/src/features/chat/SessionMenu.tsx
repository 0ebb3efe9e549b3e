import { ChevronDown, Pencil, Pin, PinOff, Plus, Search, Trash2 } from "lucide-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ChatSession } from "@tesslate/contract";
import { useId, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { formatRelativeTime } from "../../lib/time.ts";
import { chatSessionsQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

export const chatTitle = (session: Pick<ChatSession, "title"> | undefined): string => session?.title?.trim() || "New chat";

/** The chats of the project: open, create, pin, rename, delete. */
export function SessionMenu({
  projectId,
  chatId,
  onOpen,
}: {
  projectId: string;
  chatId: string | undefined;
  onOpen: (chatId: string | undefined) => void;
}) {
  const { api } = useServices();
  const queries = useQueryClient();
  const query = chatSessionsQuery(api, projectId);
  const { data: sessions = [], error, isPending } = useQuery(query);
  const [isOpen, setIsOpen] = useState(false);
  const [filter, setFilter] = useState("");
  const [renaming, setRenaming] = useState<string>();
  /** Gets the focus back when its field closes. */
  const [renamed, setRenamed] = useState<string>();
  const [deleting, setDeleting] = useState<ChatSession>();
  const hintId = useId();
  const refresh = () => queries.invalidateQueries({ queryKey: query.queryKey });

  const endRenaming = () => {
    setRenamed(renaming);
    setRenaming(undefined);
  };
  const rename = useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) => api.chat.update({ params: { chat_id: id }, body: { title } }),
    onSuccess: () => {
      endRenaming();
      return refresh();
    },
  });
  const pin = useMutation({
    mutationFn: ({ id, pinned }: { id: string; pinned: boolean }) => api.chat.update({ params: { chat_id: id }, body: { pinned } }),
    onSuccess: refresh,
  });
  const choose = (id: string | undefined) => {
    setIsOpen(false);
    onOpen(id);
  };
  const words = filter.toLowerCase();
  const shown = sessions.filter((session) => chatTitle(session).toLowerCase().includes(words));
  return (
    <>
      <Popover
        label="Chats in this project"
        isOpen={isOpen}
        onOpenChange={(open) => {
          setIsOpen(open);
          setRenaming(undefined);
          setRenamed(undefined);
        }}
        onEscapeKeyDown={(event) => {
          if (renaming === undefined) return;
          event.preventDefault();
          endRenaming();
        }}
        className="w-80 p-1!"
        trigger={
          <Button size="sm" variant="ghost" className="min-w-0 shrink! text-fg-0!">
            <span className="truncate">{chatId ? chatTitle(sessions.find((session) => session.id === chatId)) : "New chat"}</span>
            <ChevronDown size={14} className="flex-none text-fg-3" />
          </Button>
        }
      >
        {sessions.length > 6 ? (
          <div className="p-1">
            <Input
              size="sm"
              isSoft
              leading={<Search size={14} className="text-fg-3" />}
              aria-label="Search chats"
              placeholder="Search chats"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
          </div>
        ) : null}
        <ul className="scroll-y max-h-80">
          {shown.map((session) => (
            <li key={session.id} className={cx("group flex items-center rounded-1", session.id === chatId && "bg-bg-3")}>
              {renaming === session.id ? (
                <form
                  className="flex-1 p-1"
                  onSubmit={(event) => {
                    event.preventDefault();
                    const title = new FormData(event.currentTarget).get("title");
                    if (typeof title === "string" && title.trim()) rename.mutate({ id: session.id, title: title.trim() });
                  }}
                >
                  <Input
                    size="sm"
                    name="title"
                    aria-label="Chat name"
                    aria-describedby={hintId}
                    defaultValue={chatTitle(session)}
                    maxLength={255}
                    autoFocus
                  />
                  <span id={hintId} className="px-1 text-2xs text-fg-2">
                    {rename.error ? sentenceOf(rename.error) : "Enter to save, Esc to cancel"}
                  </span>
                </form>
              ) : (
                <>
                  <button
                    type="button"
                    aria-current={session.id === chatId || undefined}
                    autoFocus={renamed === session.id}
                    className="flex min-h-8 min-w-0 flex-1 items-center gap-2 rounded-1 px-2 text-left hover:bg-bg-3 narrow:min-h-11"
                    onClick={() => choose(session.id)}
                  >
                    <span className="min-w-0 flex-1 truncate">{chatTitle(session)}</span>
                    <span className="num flex-none text-2xs text-fg-2">
                      {session.status === "running"
                        ? "running"
                        : session.status === "waiting_approval"
                          ? "needs your input"
                          : formatRelativeTime(session.updated_at)}
                    </span>
                  </button>
                  <IconButton
                    size="sm"
                    label={`${session.pinned ? "Unpin" : "Pin"} ${chatTitle(session)}`}
                    onClick={() => pin.mutate({ id: session.id, pinned: !session.pinned })}
                  >
                    {session.pinned ? <PinOff size={14} /> : <Pin size={14} />}
                  </IconButton>
                  <IconButton size="sm" label={`Rename ${chatTitle(session)}`} onClick={() => setRenaming(session.id)}>
                    <Pencil size={14} />
                  </IconButton>
                  <IconButton size="sm" label={`Delete ${chatTitle(session)}`} onClick={() => setDeleting(session)}>
                    <Trash2 size={14} />
                  </IconButton>
                </>
              )}
            </li>
          ))}
        </ul>
        {(error ?? pin.error) ? (
          <p className="px-2 py-1 text-xs text-err">
            <ErrorSentence of={error ?? pin.error} />
          </p>
        ) : null}
        {!isPending && !error && shown.length === 0 ? (
          <p className="px-2 py-2 text-xs text-fg-2">
            {filter ? `No results for “${filter}”` : "No chats yet. Send a message to start one."}
          </p>
        ) : null}
        <div className="mt-1 border-t border-line-0 pt-1">
          <Button size="sm" variant="ghost" isWide icon={<Plus size={14} />} className="justify-start!" onClick={() => choose(undefined)}>
            New chat
          </Button>
        </div>
      </Popover>
      <ConfirmDialog
        isOpen={deleting !== undefined}
        onOpenChange={(open) => (open ? undefined : setDeleting(undefined))}
        title={`Delete “${chatTitle(deleting)}”?`}
        confirmLabel="Delete chat"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          if (!deleting) return;
          await api.chat.remove({ params: { chat_id: deleting.id } });
          await refresh();
          if (deleting.id === chatId) onOpen(sessions.find((session) => session.id !== deleting.id)?.id);
        }}
      >
        This deletes {counted(deleting?.message_count ?? 0, "message")}. Files aren't affected.
      </ConfirmDialog>
    </>
  );
}
