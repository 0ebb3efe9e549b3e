import { PublicConfig, User } from "@tesslate/contract";
import type { CannedApi } from "./canned-api.ts";
import { noteSession } from "../lib/session-hint.ts";
import { sample } from "./sample.ts";

export const person = (known: Partial<User> = {}): User =>
  sample(User, {
    name: "Nadia Brook",
    username: "nadia",
    slug: "nadia",
    email: "nadia@example.com",
    is_active: true,
    is_verified: true,
    theme_preset: "default-dark",
    ...known,
  });

/** What the frame around every page asks for. */
function frameOf(api: CannedApi): void {
  api.blank("themes.list", "projects.list", "projects.histories", "tasks.list", "preparation.list");
  api.answer("system.config", sample(PublicConfig, { app_domain: "studio.example.com", isolation: "full" }));
}

/** Somebody has a session. */
export function signedIn(api: CannedApi, known: Partial<User> = {}): User {
  const user = person(known);
  noteSession(true);
  api.answer("users.me", user);
  frameOf(api);
  return user;
}
