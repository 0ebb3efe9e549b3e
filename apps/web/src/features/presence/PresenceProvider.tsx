import type { MoveFrame, PresenceFrame, PresentPerson } from "@tesslate/contract";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { browserHints } from "../../lib/browser-hints.ts";
import { openLiveSocket, type LiveSocket } from "../../lib/live-socket.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProject, useProjectEvents } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { PresenceContext } from "./presence-context.ts";

type Place = Pick<MoveFrame, "view" | "file">;

/** Says where this window is in the project, and provides who else is there. `ownId`: of the person who looks. */
export function PresenceProvider({ place, ownId, children }: { place: Place; ownId: string; children: ReactNode }) {
  const { api, openSocket } = useServices();
  const { id } = useProject();
  const { isSettled } = useProjectEvents();
  const [people, setPeople] = useState<readonly PresentPerson[]>([]);
  const socket = useRef<LiveSocket<MoveFrame>>(undefined);
  const { view, file } = place;
  const move = useHandler(() => socket.current?.send({ type: "move", view, file }));

  useEffect(() => {
    if (!isSettled) return undefined;
    const opened = openLiveSocket<PresenceFrame | { type: "pong" | "error" }, MoveFrame>({
      open: () => openSocket(api.presence.socket({ params: { id } })),
      onOpen: move,
      onFrame: (frame) => {
        if (frame.type === "people") setPeople(frame.data);
      },
      // Anyone may have left since.
      onBroken: () => setPeople([]),
      hints: browserHints,
    });
    socket.current = opened;
    return () => {
      socket.current = undefined;
      opened.close();
      setPeople([]);
    };
  }, [api, openSocket, id, isSettled, move]);
  useEffect(move, [move, view, file]);

  const others = useMemo(() => people.filter(({ user_id }) => user_id !== ownId), [people, ownId]);
  return <PresenceContext value={others}>{children}</PresenceContext>;
}
