import { IdParams, Literals, Maybe, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "users";

export const Tier = Literals("free", "basic", "pro", "ultra");
export type Tier = Static<typeof Tier>;

/** What a person likes; kept on the server, so that it is the same in every browser. */
export const Preferences = Type.Object({
  /** Null: never chosen; each browser follows its system. */
  theme_mode: Nullable(Literals("system", "light", "dark")),
  /** The model a new chat begins with, where none was chosen yet; null: the server's. */
  default_model: Nullable(Type.String({ maxLength: 200 })),
  /** Pixels. */
  editor_font_size: Type.Integer({ minimum: 10, maximum: 24 }),
  editor_wraps_lines: Type.Boolean(),
  /** A notice of the browser while its window is in the background: a run waits for a decision, or has ended. */
  desktop_notices: Type.Boolean(),
  /** A mail when a run has waited for a decision for some minutes. Mails about the security of the account are always sent. */
  mail_when_waiting: Type.Boolean(),
  /** A mail when a run that took long has ended. */
  mail_when_ended: Type.Boolean(),
  hides_checklist: Type.Boolean(),
});
export type Preferences = Static<typeof Preferences>;
export const defaultPreferences: Preferences = {
  theme_mode: null,
  default_model: null,
  editor_font_size: 13,
  editor_wraps_lines: false,
  desktop_notices: false,
  mail_when_waiting: false,
  mail_when_ended: false,
  hides_checklist: false,
};

/** Bytes of a picture that is uploaded as an avatar. */
export const maxAvatarBytes = 5 * 1024 * 1024;

/** accounts-projects 1, User (private). */
export const User = Type.Object({
  id: Uuid,
  email: Type.String(),
  /** Asked for; takes the place of `email` once it is confirmed. */
  pending_email: Nullable(Type.String()),
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
  preferences: Preferences,
  /** In the answer about oneself: the administrator who acts as this user in this session. */
  impersonated_by: Type.Optional(Type.Object({ id: Uuid, username: Type.String(), expires_at: Timestamp })),
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
  /** Where mail can be sent it waits as `pending_email`; the present one gives a waiting one up. Without mail it changes at once, unconfirmed. */
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
  /** Only what is named changes. */
  preferences: Type.Optional(Type.Partial(Preferences)),
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
  /** PNG, JPEG, GIF, WebP or AVIF. What is kept is a small square picture made of it, and nothing else of the file. */
  setAvatar: route({
    method: "POST",
    path: "/api/users/me/avatar",
    tag,
    summary: "Upload a picture of oneself (multipart: file), at most 5 MiB",
    auth: "user",
    keys: false,
    kind: "upload",
    response: User,
    errors: ["bad_image", "file_too_large", "rate_limited"],
  }),
  removeAvatar: route({
    method: "DELETE",
    path: "/api/users/me/avatar",
    tag,
    summary: "Take one's picture away",
    auth: "user",
    keys: false,
    status: 204,
  }),
  /** `avatar_url` leads here. An address shows one picture for ever; another picture has another address. */
  avatar: route({
    method: "GET",
    path: "/api/users/{id}/avatar/{version}",
    tag,
    summary: "A user's picture",
    auth: "none",
    kind: "raw",
    contentType: "image/webp",
    params: Type.Object({ id: Uuid, version: Type.String({ pattern: "^[0-9a-f]{16}$" }) }),
    errors: ["not_found"],
  }),
};
