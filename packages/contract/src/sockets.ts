import { Type } from "./schema.ts";

/** Frames of every socket. */
export const AuthFrame = Type.Object(
  { type: Type.Literal("auth"), token: Type.String({ description: "An access token or an API key" }) },
  {
    description:
      "The first frame of a socket that was opened without session cookie, ticket or `Authorization`; answered by `authenticated`",
  },
);
export const PingFrame = Type.Object(
  { type: Type.Literal("ping") },
  { description: "Answered by `pong`. A chat socket sends every event after its first answer." },
);
export const AuthenticatedFrame = Type.Object({ type: Type.Literal("authenticated") }, { description: "The `auth` frame was accepted" });
export const PongFrame = Type.Object({ type: Type.Literal("pong") });
export const ErrorFrame = Type.Object({
  type: Type.Literal("error"),
  data: Type.Object({
    message: Type.String(),
    code: Type.String(),
    field: Type.Optional(Type.String({ description: "With `bad_frame`: the first invalid field, e.g. `a.0.b`" })),
  }),
});
