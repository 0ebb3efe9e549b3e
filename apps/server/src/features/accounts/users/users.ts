import type { RateLimiter } from "../../../platform/rate-limit.ts";
import { createAvatarRenderer } from "./avatar-picture.ts";
import { createAvatars } from "./avatars.ts";
import { createPasswordChecks } from "./password-checks.ts";
import type { Passwords } from "./passwords.ts";
import { createProfiles } from "./profiles.ts";
import { createUserRegistration } from "./registration.ts";
import { createUserDirectory, type Users } from "./users.service.ts";
import type { UsersStore } from "./users.store.ts";

/** Users, with their passwords, profiles and avatars. */
export function createUsers({
  store,
  passwords,
  limits,
  registration,
  profiles,
}: {
  store: UsersStore;
  passwords: Passwords;
  limits: RateLimiter;
  registration: Pick<Parameters<typeof createUserRegistration>[0], "terms" | "onRegistered" | "signUp">;
  profiles: Pick<Parameters<typeof createProfiles>[0], "sessions" | "emails" | "lockTheme">;
}): Users {
  const passwordChecks = createPasswordChecks({ passwords, limits });
  const avatars = createAvatars({ store, renderAvatar: createAvatarRenderer(), limits });
  return {
    ...createUserDirectory({ store, limits }),
    ...createUserRegistration({ store, passwordChecks, ...registration }),
    ...createProfiles({ store, passwordChecks, avatars, ...profiles }),
    ...avatars,
    ...passwordChecks,
  };
}
