import { described, Nullable, ProjectParams, Type, Uuid, type Static } from "./schema.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";
import { route } from "./route.ts";

const tag = "projects";

export const PresentPerson = described(
  "Someone who has the project open. Several windows of one person are one entry, with the place of the window that moved last.",
  Type.Object({
    user_id: Uuid,
    name: Type.String(),
    username: Type.String(),
    avatar_url: Nullable(Type.String()),
    is_administrator: described("An administrator who impersonates the owner", Type.Boolean()),
    view: described("The view on their screen, such as `code`; null until their window has said it", Nullable(Type.String())),
    file: described("The file that is open in their code view", Nullable(Type.String())),
  }),
);
export type PresentPerson = Static<typeof PresentPerson>;

export const PresenceFrame = Type.Object(
  { type: Type.Literal("people"), data: Type.Array(PresentPerson) },
  { description: "Everyone who has the project open, in the order in which they came. The first frame, and after every change" },
);
export type PresenceFrame = Static<typeof PresenceFrame>;

export const presenceFrames = {
  move: Type.Object(
    {
      type: Type.Literal("move"),
      view: Type.String({ pattern: "^[a-z-]{1,40}$" }),
      file: Nullable(Type.String({ minLength: 1, maxLength: 4096 })),
    },
    { description: "Says what is on the screen of this window" },
  ),
  ping: PingFrame,
};
export type MoveFrame = Static<typeof presenceFrames.move>;

export const presenceRoutes = {
  socket: route({
    method: "WS",
    path: "/api/projects/{id}/presence/ws",
    tag,
    summary: "Follow presence (WebSocket)",
    description:
      "Who has the project open, and where they are in it. Whoever opens the socket is one of them until it closes. Nothing of it is stored.",
    auth: "user",
    readsOnly: true,
    kind: "socket",
    params: ProjectParams,
    events: Type.Union([PresenceFrame, PongFrame, AuthenticatedFrame, ErrorFrame]),
    frames: Type.Union([AuthFrame, ...Object.values(presenceFrames)]),
  }),
};
