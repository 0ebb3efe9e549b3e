import { RotateCw, WifiOff } from "lucide-react";
import { connection } from "../api.ts";
import { useConnection } from "../lib/connection.ts";
import { Pill } from "../ui/Pill.tsx";

/** Shows that the connection is lost; nothing while it works. */
export function ConnectionPill() {
  const state = useConnection(connection);
  return (
    <span role="status" className="contents">
      {state === "offline" ? (
        <Pill tone="warn" icon={<WifiOff />} className="fixed bottom-2 left-1/2 z-30 -translate-x-1/2 shadow-2 narrow:bottom-16">
          Offline
        </Pill>
      ) : state === "reconnecting" ? (
        <Pill tone="info" icon={<RotateCw />} className="fixed bottom-2 left-1/2 z-30 -translate-x-1/2 shadow-2 narrow:bottom-16">
          Reconnecting…
        </Pill>
      ) : null}
    </span>
  );
}
