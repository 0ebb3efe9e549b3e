import { IdParams, Literals, Maybe, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "users";

export const Tier = Literals("free", "basic", "pro", "ultra");
export type Tier = Static<typeof Tier>;

/** accounts-projects 1, User (private). */
export const User = Type.Object({
  id: Uuid,
  email: Type.String(),
  is_active: Type.Boolean(),
  is_superuser: Type.Boolean(),
  is_verified: Type.Boolean(),
  name: Type.String(),
  username: Type.String(),
  slug: Type.String(),
  subscription_tier: Tier,
  total_spend_cents: Type.Integer(),
  bundled_credits: Type.Integer(),
  purchased_credits: Type.Integer(),
  diagram_model: Nullable(Type.String()),
  disabled_models: Nullable(Type.Array(Type.String())),
  referral_code: Nullable(Type.String()),
  referred_by: Nullable(Type.String()),
  last_active_at: Nullable(Timestamp),
  avatar_url: Nullable(Type.String()),
  bio: Nullable(Type.String()),
  twitter_handle: Nullable(Type.String()),
  github_username: Nullable(Type.String()),
  website_url: Nullable(Type.String()),
  theme_preset: Type.String(),
  chat_position: Literals("left", "center", "right"),
  two_fa_enabled: Type.Boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type User = Static<typeof User>;

export const PublicUser = Type.Object({
  id: Uuid,
  name: Type.String(),
  username: Type.String(),
  slug: Type.String(),
  avatar_url: Nullable(Type.String()),
  bio: Nullable(Type.String()),
  twitter_handle: Nullable(Type.String()),
  github_username: Nullable(Type.String()),
  website_url: Nullable(Type.String()),
  joined_at: Timestamp,
});
export type PublicUser = Static<typeof PublicUser>;

export const UpdateUser = Type.Object({
  email: Type.Optional(Type.String({ format: "email", maxLength: 320 })),
  password: Type.Optional(Type.String({ maxLength: 1024 })),
  current_password: Type.Optional(Type.String({ maxLength: 1024 })),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  username: Type.Optional(Type.String({ minLength: 3, maxLength: 50 })),
  diagram_model: Maybe(Type.String({ maxLength: 200 })),
  avatar_url: Maybe(Type.String({ maxLength: 512_000 })),
  bio: Maybe(Type.String({ maxLength: 2000 })),
  twitter_handle: Maybe(Type.String({ maxLength: 100 })),
  github_username: Maybe(Type.String({ maxLength: 100 })),
  website_url: Maybe(Type.String({ maxLength: 500, pattern: "^https?://" })),
  theme_preset: Type.Optional(Type.String({ maxLength: 100 })),
  chat_position: Type.Optional(Literals("left", "center", "right")),
  disabled_models: Maybe(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 500 })),
  two_fa_enabled: Type.Optional(Type.Boolean()),
});
export type UpdateUser = Static<typeof UpdateUser>;

/** accounts-projects 3. */
export const usersRoutes = {
  me: route({ method: "GET", path: "/api/users/me", tag, summary: "The signed-in user", auth: "user", response: User }),
  updateMe: route({
    method: "PATCH",
    path: "/api/users/me",
    tag,
    summary: "Change one's own profile",
    auth: "user",
    keys: false,
    body: UpdateUser,
    response: User,
    bodyLimit: 1024 * 1024,
    errors: [
      "current_password_required",
      "current_password_wrong",
      "update_user_email_already_exists",
      "update_user_invalid_password",
      "username_taken",
    ],
  }),
  get: route({
    method: "GET",
    path: "/api/users/{id}",
    tag,
    summary: "A user's public profile",
    auth: "none",
    params: IdParams,
    response: PublicUser,
    errors: ["not_found"],
  }),
};
