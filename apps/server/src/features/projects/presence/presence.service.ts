import type { MoveFrame, PresenceFrame, PresentPerson } from "@tesslate/contract";
import type { FrameSocket } from "../../../http/sockets.ts";
import { closeCodes } from "../../../http/sockets.ts";
import type { Principal } from "../../../http/context.ts";
import { notFound } from "../../../platform/errors.ts";
import type { UsersStore } from "../../accounts/users/index.ts";

/** Changes within this time are sent as one. */
const settleMs = 100;

interface Window {
  person: Omit<PresentPerson, "view" | "file">;
  place: Pick<MoveFrame, "view" | "file"> | undefined;
  /** Grows with every move in the project. */
  movedAt: number;
  socket: Pick<FrameSocket, "send" | "close">;
}

/** Who has a project open. It is known by the server that owns the project, in memory only. */
export type Presence = ReturnType<typeof createPresence>;

export function createPresence({ users }: { users: Pick<UsersStore, "find"> }) {
  const projects = new Map<string, { windows: Set<Window>; timer: NodeJS.Timeout | undefined }>();
  let moves = 0;

  const peopleOf = (windows: Iterable<Window>): PresentPerson[] => {
    const latest = new Map<string, Window>();
    for (const window of windows) {
      const known = latest.get(window.person.user_id);
      // Setting an entry again keeps its place in the order.
      if (!known || window.movedAt > known.movedAt) latest.set(window.person.user_id, window);
    }
    return [...latest.values()].map(({ person, place }) => ({ ...person, view: place?.view ?? null, file: place?.file ?? null }));
  };
  const announce = (projectId: string) => {
    const project = projects.get(projectId);
    if (!project) return;
    project.timer ??= setTimeout(() => {
      project.timer = undefined;
      const frame: PresenceFrame = { type: "people", data: peopleOf(project.windows) };
      for (const { socket } of project.windows) socket.send(frame);
    }, settleMs);
  };

  return {
    /** Adds a window. While an administrator impersonates the owner, it is the administrator who is there. */
    async join(projectId: string, { id, impersonator }: Principal, socket: Pick<FrameSocket, "send" | "close">) {
      const user = await users.find(impersonator?.id ?? id);
      if (!user) throw notFound("User");
      const window: Window = {
        person: {
          user_id: user.id,
          name: user.name,
          username: user.username,
          avatar_url: user.avatar_url,
          is_administrator: impersonator !== undefined,
        },
        place: undefined,
        movedAt: 0,
        socket,
      };
      const project = projects.get(projectId) ?? { windows: new Set(), timer: undefined };
      projects.set(projectId, project);
      project.windows.add(window);
      announce(projectId);
      return {
        move({ view, file }: Pick<MoveFrame, "view" | "file">): void {
          if (window.place?.view === view && window.place.file === file) return;
          window.place = { view, file };
          window.movedAt = ++moves;
          announce(projectId);
        },
        leave(): void {
          project.windows.delete(window);
          if (project.windows.size > 0) return announce(projectId);
          clearTimeout(project.timer);
          if (projects.get(projectId) === project) projects.delete(projectId);
        },
      };
    },
    /** Another server becomes the owner: the windows connect to it. */
    release(projectIds: readonly string[]): void {
      for (const id of projectIds) for (const { socket } of projects.get(id)?.windows ?? []) socket.close(closeCodes.goingAway, "moved");
    },
  };
}
