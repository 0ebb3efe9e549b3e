import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, session } from "../api.ts";
import { meQuery } from "../features/users/index.ts";
import { announceIdentity } from "../lib/identity.ts";
import { useHandler } from "../lib/use-handler.ts";
import { Button } from "../ui/Button.tsx";
import { toast } from "../ui/toast.tsx";

/** The administrator's own session comes back, and with it a page that knows nothing of the other. */
let isLeaving = false;
async function backToOneself(userId: string | undefined): Promise<void> {
  if (isLeaving) return;
  isLeaving = true;
  await session.refresh();
  session.reset();
  announceIdentity();
  location.assign(userId ? `/admin/users/${userId}` : "/admin/users");
}

/** On every screen while an administrator acts as somebody else: as whom, how long, and the way back. */
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
    session.actAs(over);
    const timer = setInterval(look, 5000);
    return () => {
      session.actAs(undefined);
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
      toast("Stopping did not reach the server.", { kind: "failed", action: { label: "Retry", onSelect: () => void stop() } });
    }
  };
  return (
    <div
      role="status"
      aria-label="Acting as somebody else"
      className="flex min-h-9 flex-none items-center gap-2.5 bg-warn-soft px-3 py-1 text-xs text-fg-0"
    >
      <span className="min-w-0 flex-1">
        <b className="font-medium">{by.username}</b> acts as <b className="font-medium">{me.name}</b>
        {minutes === undefined ? "" : `, ${minutes} min left`}.{" "}
        <span className="text-fg-1 narrow:hidden">Every change is written down with both names.</span>
      </span>
      <Button size="sm" isLoading={isStopping} loadingWord="Stopping" onClick={() => void stop()}>
        Stop
      </Button>
    </div>
  );
}
