import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, session } from "../api.ts";
import { counted } from "../lib/counted.ts";
import { meQuery } from "../features/users/index.ts";
import { announceUserChange } from "../lib/identity.ts";
import { useHandler } from "../lib/use-handler.ts";
import { Button } from "../ui/Button.tsx";
import { toast } from "../ui/toast.tsx";

/** Restores the administrator's session and reloads, so that no data of the impersonated account is left. */
let isLeaving = false;
async function backToOneself(userId: string | undefined): Promise<void> {
  if (isLeaving) return;
  isLeaving = true;
  await session.refresh();
  session.reset();
  announceUserChange();
  location.assign(userId ? `/admin/users/${userId}` : "/admin/users");
}

/** Shown on every page during impersonation: account, remaining time, and a button that ends it. */
export function ImpersonationStrip() {
  const { data: me } = useQuery(meQuery);
  const [isStopping, setIsStopping] = useState(false);
  const [minutes, setMinutes] = useState<number>();
  const by = me?.impersonated_by;
  const end = by?.expires_at;
  const over = useHandler(() => void backToOneself(me?.id));
  useEffect(() => {
    if (end === undefined) return undefined;
    const look = () => {
      const left = Date.parse(end) - Date.now();
      setMinutes(Math.max(1, Math.ceil(left / 60_000)));
      if (left <= 0) over();
    };
    look();
    session.setImpersonation(over);
    const timer = setInterval(look, 5000);
    return () => {
      session.setImpersonation(undefined);
      clearInterval(timer);
    };
  }, [end, over]);
  if (!me || !by) return null;
  const stop = async () => {
    setIsStopping(true);
    try {
      await api.adminUsers.stopImpersonation();
      await backToOneself(me.id);
    } catch {
      setIsStopping(false);
      toast("Couldn't stop impersonating.", { kind: "failed", action: { label: "Retry", onSelect: () => void stop() } });
    }
  };
  return (
    <div
      role="status"
      aria-label="Impersonation"
      className="flex min-h-9 flex-none items-center gap-2.5 bg-warn-soft px-3 py-1 text-xs text-fg-0"
    >
      <span className="min-w-0 flex-1">
        <b className="font-medium">{by.username}</b> is impersonating <b className="font-medium">{me.name}</b>.{" "}
        {minutes === undefined ? null : `${counted(minutes, "minute")} left.`}{" "}
        <span className="text-fg-1 narrow:hidden">All changes are logged with both names.</span>
      </span>
      <Button size="sm" isLoading={isStopping} loadingWord="Stopping…" onClick={() => void stop()}>
        Stop impersonating
      </Button>
    </div>
  );
}
