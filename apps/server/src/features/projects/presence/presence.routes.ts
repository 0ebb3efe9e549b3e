import { presenceFrames, presenceRoutes, type MoveFrame } from "@tesslate/contract";
import { createFrameCheck, readFrames } from "../../../http/frames.ts";
import type { Mount } from "../../../http/mount.ts";
import type { Projects } from "../projects/index.ts";
import type { Presence } from "./presence.service.ts";

const check = createFrameCheck(presenceFrames);

export function mountPresence(
  mount: Mount,
  { projects, presence }: { projects: Pick<Projects, "require" | "lifetime">; presence: Presence },
): void {
  mount("presence", presenceRoutes, {
    socket: async ({ user }, { params }, socket) => {
      const { id } = await projects.require(user.id, params.id);
      const window = await presence.join(id, user, socket);
      try {
        await readFrames(socket, AbortSignal.any([socket.signal, projects.lifetime(id)]), (frame) => {
          const checked = check(frame);
          if ("problem" in checked) socket.send({ type: "error", data: checked.problem });
          else if (checked.name === "ping") socket.send({ type: "pong" });
          else window.move(frame as MoveFrame);
        });
      } finally {
        window.leave();
      }
    },
  });
}
