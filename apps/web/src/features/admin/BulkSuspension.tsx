import { useState } from "react";
import type { AdminUser } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { toast, toastWithUndo } from "../../ui/toast.tsx";
import { useBulkSuspension } from "./admin-users.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";

/** Suspends or unsuspends the selected users, with the reason for all of them. Suspending can be undone. */
export function BulkSuspension({ users, onDone }: { users: readonly AdminUser[]; onDone: () => void }) {
  const [asked, setAsked] = useState<"suspend" | "unsuspend">();
  const { mutateAsync } = useBulkSuspension();
  const suspendable = users.filter(({ is_suspended, is_superuser, is_deleted }) => !is_suspended && !is_superuser && !is_deleted);
  const suspended = users.filter(({ is_suspended }) => is_suspended);
  const named = (list: readonly AdminUser[]) => {
    const [first, second, ...others] = list.map(({ name }) => name);
    return others.length > 0
      ? `${first}, ${second} and ${counted(others.length, "other")}`
      : second === undefined
        ? (first ?? "")
        : `${first} and ${second}`;
  };
  const chosen = asked === "suspend" ? suspendable : suspended;

  const change = async (isSuspended: boolean, reason: string, notify: boolean) => {
    const { changed, skipped } = await mutateAsync({
      user_ids: chosen.map(({ id }) => id),
      is_suspended: isSuspended,
      reason,
      notify_user: notify,
    });
    onDone();
    const [refused] = skipped;
    if (refused) toast(`${counted(skipped.length, "user")} not changed: ${refused.message}`, { kind: "note" });
    if (changed.length === 0) return;
    const sentence = `${counted(changed.length, "user")} ${isSuspended ? "suspended" : "unsuspended"}.`;
    if (!isSuspended) return toast(sentence);
    toastWithUndo(sentence, () => mutateAsync({ user_ids: changed, is_suspended: false, reason: `Undone: ${reason}` }));
  };

  return (
    <>
      <Button size="sm" variant="danger" disabled={suspendable.length === 0} onClick={() => setAsked("suspend")}>
        Suspend users…
      </Button>
      <Button size="sm" disabled={suspended.length === 0} onClick={() => setAsked("unsuspend")}>
        Unsuspend users…
      </Button>
      {asked === undefined ? null : (
        <ReasonDialog
          title={asked === "suspend" ? `Suspend ${counted(chosen.length, "user")}?` : `Unsuspend ${counted(chosen.length, "user")}?`}
          confirmLabel={asked === "suspend" ? "Suspend users" : "Unsuspend users"}
          loadingWord={asked === "suspend" ? "Suspending users…" : "Unsuspending users…"}
          isDanger={asked === "suspend"}
          canNotify
          onConfirm={(reason, notify) => change(asked === "suspend", reason, notify)}
          onClose={() => setAsked(undefined)}
        >
          {asked === "suspend"
            ? `This signs ${named(chosen)} out everywhere, blocks their API keys, and stops their projects and deployments. Files aren't affected. Administrators and deleted accounts are skipped.`
            : `This lets ${named(chosen)} sign in again. Their deployments restart; their projects don't start automatically.`}
        </ReasonDialog>
      )}
    </>
  );
}
