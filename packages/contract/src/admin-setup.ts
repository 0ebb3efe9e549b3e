import { route } from "./route.ts";
import { described, Literals, Nullable, Type, type Static } from "./schema.ts";

export const SetupStep = described(
  "Something that an operator sets up in the first days, and whether it is.",
  Type.Object({
    id: Literals("models", "address", "mail", "sign_up", "isolation", "browser", "backup", "updates"),
    title: Type.String(),
    is_done: described("Measured now, never confirmed by hand", Type.Boolean()),
    summary: described("What was found, in one sentence", Type.String()),
    advice: described("What to do; null if it is done", Nullable(Type.String())),
    snippet: described("Settings or a command to copy for it", Nullable(Type.String())),
  }),
);
export type SetupStep = Static<typeof SetupStep>;
export const AdminSetup = Type.Object({ is_complete: Type.Boolean(), steps: Type.Array(SetupStep) });
export type AdminSetup = Static<typeof AdminSetup>;

export const adminSetupRoutes = {
  get: route({
    method: "GET",
    path: "/api/admin/setup",
    tag: "admin-operations",
    summary: "Get setup steps",
    description: "What a new operator sets up, with the state of each step. Calls no outside service.",
    auth: "superuser",
    response: AdminSetup,
  }),
};
