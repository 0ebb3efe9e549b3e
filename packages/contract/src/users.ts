import { described, IdParams, Literals, Maybe, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "users";

export const Tier = Literals("free", "basic", "pro", "ultra");
export type Tier = Static<typeof Tier>;

export const Preferences = described(
  "Preferences, stored on the server so that every browser has the same.",
  Type.Object({
    theme_mode: described("Null: never chosen; each browser follows its system", Nullable(Literals("system", "light", "dark"))),
    density: described("Space in the user interface", Literals("comfortable", "compact")),
    motion: described("Animations; `system`: as the device asks", Literals("system", "reduced", "full")),
    contrast: described("`more`: stronger text and borders; `system`: as the device asks", Literals("system", "more")),
    shortcuts: described(
      "Keyboard shortcuts that differ from the defaults, by id; an empty list: none",
      Type.Record(
        Type.String({ pattern: "^[a-z]+\\.[a-zA-Z-]+$", maxLength: 60 }),
        Type.Array(Type.String({ minLength: 1, maxLength: 60, pattern: "^[^\\p{C}]+$" }), { maxItems: 2 }),
        { maxProperties: 200, additionalProperties: false },
      ),
    ),
    default_model: described("Model of a new chat; null: the server's default", Nullable(Type.String({ maxLength: 200 }))),
    editor_font_size: described("In pixels", Type.Integer({ minimum: 10, maximum: 24 })),
    editor_wraps_lines: Type.Boolean(),
    desktop_notices: described(
      "Browser notifications while the window is in the background: a run needs a decision, or has ended",
      Type.Boolean(),
    ),
    mail_when_waiting: described(
      "Email when a run has waited for a decision for some minutes. Security emails are always sent",
      Type.Boolean(),
    ),
    mail_when_ended: described("Email when a long run has ended", Type.Boolean()),
    hides_checklist: Type.Boolean(),
  }),
);
export type Preferences = Static<typeof Preferences>;
export const defaultPreferences: Preferences = {
  theme_mode: null,
  density: "comfortable",
  motion: "system",
  contrast: "system",
  shortcuts: {},
  default_model: null,
  editor_font_size: 13,
  editor_wraps_lines: false,
  desktop_notices: false,
  mail_when_waiting: false,
  mail_when_ended: false,
  hides_checklist: false,
};

/** Bytes of an uploaded profile picture. */
export const maxAvatarBytes = 5 * 1024 * 1024;

export const User = described(
  "Your account.",
  Type.Object({
    id: Uuid,
    email: Type.String(),
    pending_email: described("A new address that replaces `email` once it is confirmed", Nullable(Type.String())),
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
    impersonated_by: described(
      "The administrator who impersonates this user in this session",
      Type.Optional(Type.Object({ id: Uuid, username: Type.String(), expires_at: Timestamp })),
    ),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
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
  email: described(
    "Waits as `pending_email` until it is confirmed; the current address cancels a pending one. Without email delivery it changes at once",
    Type.Optional(Type.String({ format: "email", maxLength: 320 })),
  ),
  password: Type.Optional(Type.String({ maxLength: 1024 })),
  current_password: Type.Optional(Type.String({ maxLength: 1024 })),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  username: Type.Optional(Type.String({ minLength: 3, maxLength: 50 })),
  diagram_model: Maybe(Type.String({ maxLength: 200 })),
  avatar_url: Maybe(Type.String({ maxLength: 512_000 })),
  bio: Maybe(Type.String({ maxLength: 2000 })),
  twitter_handle: Maybe(Type.String({ maxLength: 100 })),
  github_username: Maybe(Type.String({ maxLength: 100 })),
  website_url: described("Without a scheme, `https://` is added", Maybe(Type.String({ maxLength: 500 }))),
  theme_preset: Type.Optional(Type.String({ maxLength: 100 })),
  chat_position: Type.Optional(Literals("left", "center", "right")),
  disabled_models: Maybe(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 500 })),
  two_fa_enabled: Type.Optional(Type.Boolean()),
  preferences: described("Only the given fields change", Type.Optional(Type.Partial(Preferences))),
});
export type UpdateUser = Static<typeof UpdateUser>;

export const usersRoutes = {
  me: route({
    method: "GET",
    path: "/api/users/me",
    tag,
    summary: "Get current user",
    description: "Your account with profile, plan, credits and preferences.",
    auth: "user",
    response: User,
  }),
  updateMe: route({
    method: "PATCH",
    path: "/api/users/me",
    tag,
    summary: "Update current user",
    description:
      "Changes your profile, preferences, email or password. A new email waits as `pending_email` until it is confirmed. Changing email or password requires `current_password`.",
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
    summary: "Get user",
    description: "A user's public profile.",
    auth: "none",
    params: IdParams,
    response: PublicUser,
    errors: ["not_found"],
  }),
  setAvatar: route({
    method: "POST",
    path: "/api/users/me/avatar",
    tag,
    summary: "Upload avatar",
    description:
      "Uploads a PNG, JPEG, GIF, WebP or AVIF image of at most 5 MiB as the multipart field `file`. It is cropped to a small square; nothing else of the file is kept.",
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
    summary: "Delete avatar",
    description: "Removes your profile picture.",
    auth: "user",
    keys: false,
    status: 204,
  }),
  avatar: route({
    method: "GET",
    path: "/api/users/{id}/avatar/{version}",
    tag,
    summary: "Get avatar",
    description: "The profile picture. The URL changes with the picture, so it can be cached forever.",
    auth: "none",
    kind: "raw",
    contentType: "image/webp",
    params: Type.Object({ id: Uuid, version: Type.String({ pattern: "^[0-9a-f]{16}$" }) }),
    errors: ["not_found"],
  }),
};
