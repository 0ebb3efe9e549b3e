import { described, Nullable, Timestamp, Type, Uuid, MessageResponse, taskFields, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { Task } from "./tasks.ts";

const tag = "users";

/** Days between the request to delete an account and its deletion, in which it can be restored. */
export const deletionGraceDays = 30;
/** Hours for which an export can be downloaded. */
export const exportHours = 24;

export const AccountExport = described(
  "The latest export of account data; `task` is null if there is none, or it has expired.",
  Type.Object({
    task: Nullable(Task),
    download_url: described("Null until the export is ready. Only the person who requested it can download it", Nullable(Type.String())),
    size_bytes: Nullable(Type.Integer()),
    expires_at: Nullable(Timestamp),
  }),
);
export type AccountExport = Static<typeof AccountExport>;

export const DeleteAccount = Type.Object({
  password: described("Required if the account has a password", Type.Optional(Type.String({ maxLength: 1024 }))),
  confirm: described("Your username, if the account has no password", Type.Optional(Type.String({ maxLength: 100 }))),
});
export const RestoreAccount = Type.Object({
  token: described("Of the email, or `undo_token` of the deletion", Type.Optional(Type.String({ maxLength: 2000 }))),
  login: described("Email or username, together with `password`", Type.Optional(Type.String({ maxLength: 320 }))),
  password: Type.Optional(Type.String({ maxLength: 1024 })),
});

export const accountRoutes = {
  export: route({
    method: "POST",
    path: "/api/users/me/export",
    tag,
    summary: "Export account data",
    description:
      "Starts a task that writes all data of your account into a zip archive, without secret values. Download it within 24 hours. Limited per day.",
    auth: "user",
    keys: false,
    status: 202,
    response: Type.Object(taskFields),
    errors: ["rate_limited"],
  }),
  exported: route({
    method: "GET",
    path: "/api/users/me/export",
    tag,
    summary: "Get latest export",
    description: "The latest export: its task while it runs, then its download URL, size and expiry.",
    auth: "user",
    keys: false,
    response: AccountExport,
  }),
  exportFile: route({
    method: "GET",
    path: "/api/users/me/export/{task_id}",
    tag,
    summary: "Download export",
    description: "The archive of an export as `application/zip`, available for 24 hours to the person who requested it.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    keys: false,
    kind: "raw",
    contentType: "application/zip",
    params: Type.Object({ task_id: Uuid }),
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/users/me",
    tag,
    summary: "Delete account",
    description:
      "Ends all sessions and schedules the account for deletion in 30 days. Until then `POST /api/users/restore` with `undo_token` or a sign-in restores it. The last administrator cannot be deleted.",
    auth: "user",
    keys: false,
    status: 202,
    bodyOptional: true,
    body: DeleteAccount,
    response: Type.Object({
      ...taskFields,
      scheduled_for: described("When the account and its data will be deleted", Timestamp),
      undo_token: described("Restores the account without signing in; also emailed", Type.String()),
    }),
    errors: ["current_password_required", "current_password_wrong", "last_administrator", "rate_limited"],
  }),
  restore: route({
    method: "POST",
    path: "/api/users/restore",
    tag,
    summary: "Restore account",
    description: "Cancels the scheduled deletion of an account, with the emailed token or with login and password.",
    auth: "none",
    body: RestoreAccount,
    response: MessageResponse,
    errors: ["login_bad_credentials", "deletion_not_pending", "rate_limited"],
  }),
};
