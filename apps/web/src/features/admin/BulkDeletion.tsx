import { useQueryClient } from "@tanstack/react-query";
import type { AdminProject, AdminUser } from "@tesslate/contract";
import { useState } from "react";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDate } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { toast, toastError, toastWithUndo } from "../../ui/toast.tsx";
import { ReasonDialog } from "./ReasonDialog.tsx";

/** One of several is confirmed by its number, a single one by its name. */
const confirmationOf = (names: readonly string[]): string => (names.length === 1 ? (names[0] ?? "") : String(names.length));

/** Changes one thing after the other. A failure is shown and does not hold up the others; the lists are loaded again at the end. */
function useEach() {
  const queries = useQueryClient();
  return async <T extends { name: string }, R>(items: readonly T[], before: (name: string) => string, change: (item: T) => Promise<R>) => {
    const done: R[] = [];
    for (const item of items)
      try {
        done.push(await change(item));
      } catch (error) {
        toastError(error, { before: before(item.name) });
      }
    await queries.invalidateQueries({ queryKey: ["admin"] });
    return done;
  };
}

function Names({ names }: { names: readonly string[] }) {
  const shown = names.slice(0, 5);
  return (
    <ul className="mt-2 list-disc pl-5">
      {shown.map((name, index) => (
        <li key={index} className="text-fg-0">
          {name}
        </li>
      ))}
      {names.length > shown.length ? <li>{`${formatNumber(names.length - shown.length)} more`}</li> : null}
    </ul>
  );
}

/** Deletes the selected projects, after their number was typed. */
export function BulkProjectDeletion({ projects, onDone }: { projects: readonly AdminProject[]; onDone: () => void }) {
  const [isAsked, setIsAsked] = useState(false);
  const each = useEach();
  const chosen = projects.filter(({ environment_status }) => environment_status !== "deleting");
  const names = chosen.map(({ name }) => name);
  return (
    <>
      <Button size="sm" variant="danger" disabled={chosen.length === 0} onClick={() => setIsAsked(true)}>
        Delete projects…
      </Button>
      {isAsked ? (
        <ReasonDialog
          title={`Delete ${counted(chosen.length, "project")}?`}
          confirmLabel="Delete projects"
          loadingWord="Deleting projects…"
          isDanger
          typedConfirmation={confirmationOf(names)}
          onConfirm={async (reason) => {
            const done = await each(
              chosen,
              (name) => `Couldn't delete ${name}.`,
              ({ id }) => api.adminProjects.remove({ params: { id }, body: { reason } }),
            );
            onDone();
            if (done.length > 0) toast(`${counted(done.length, "project")} being deleted.`);
          }}
          onClose={() => setIsAsked(false)}
        >
          This stops these projects and deletes their files, databases, chats, snapshots and secrets. This can't be undone.
          <Names names={names} />
        </ReasonDialog>
      ) : null}
    </>
  );
}

/** Deletes the accounts of the selected users, after their number was typed. They can be restored until the grace period ends. */
export function BulkUserDeletion({ users, onDone }: { users: readonly AdminUser[]; onDone: () => void }) {
  const [isAsked, setIsAsked] = useState(false);
  const each = useEach();
  const chosen = users.filter(({ is_superuser, is_deleted }) => !is_superuser && !is_deleted);
  const names = chosen.map(({ name }) => name);
  return (
    <>
      <Button size="sm" variant="danger" disabled={chosen.length === 0} onClick={() => setIsAsked(true)}>
        Delete accounts…
      </Button>
      {isAsked ? (
        <ReasonDialog
          title={`Delete ${counted(chosen.length, "account")}?`}
          confirmLabel="Delete accounts"
          loadingWord="Deleting accounts…"
          isDanger
          canNotify
          typedConfirmation={confirmationOf(names)}
          onConfirm={async (reason, notify_user) => {
            const done = await each(
              chosen,
              (name) => `Couldn't delete the account of ${name}.`,
              async (user) => {
                const { scheduled_for } = await api.adminUsers.remove({ params: { id: user.id }, body: { reason, notify_user } });
                return { ...user, scheduled_for };
              },
            );
            onDone();
            const [first] = done;
            if (!first) return;
            toastWithUndo(`${counted(done.length, "account")} scheduled for deletion on ${formatDate(first.scheduled_for)}.`, () =>
              each(
                done,
                (name) => `Couldn't restore the account of ${name}.`,
                ({ id }) => api.adminUsers.restore({ params: { id }, body: { reason: `Undone: ${reason}`.slice(0, 1000) } }),
              ),
            );
          }}
          onClose={() => setIsAsked(false)}
        >
          This signs these users out everywhere, stops their projects and deployments, and deletes the accounts with all their data after
          the grace period. Until then you can restore them. Administrators and deleted accounts are skipped.
          <Names names={names} />
        </ReasonDialog>
      ) : null}
    </>
  );
}
