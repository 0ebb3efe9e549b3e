import { Nullable, Timestamp, Type, Uuid, Message, taskAnswer, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { Task } from "./tasks.ts";

const tag = "users";

/** Days between the decision to delete an account and its end, in which it can be undone. */
export const deletionGraceDays = 30;
/** Hours for which what was exported can be fetched. */
export const exportHours = 24;

/** The last export that was asked for; `task` null: none, or it is over. */
export const AccountExport = Type.Object({
  task: Nullable(Task),
  /** Null until it is ready. Leads to the file for the signed-in person alone. */
  download_url: Nullable(Type.String()),
  size_bytes: Nullable(Type.Integer()),
  expires_at: Nullable(Timestamp),
});
export type AccountExport = Static<typeof AccountExport>;

export const DeleteAccount = Type.Object({
  /** Of an account that has one. */
  password: Type.Optional(Type.String({ maxLength: 1024 })),
  /** One's username, where there is no password. */
  confirm: Type.Optional(Type.String({ maxLength: 100 })),
});
export const RestoreAccount = Type.Object({
  /** Of the mail, or of the answer to the deletion. */
  token: Type.Optional(Type.String({ maxLength: 2000 })),
  /** E-mail or username, with the password. */
  login: Type.Optional(Type.String({ maxLength: 320 })),
  password: Type.Optional(Type.String({ maxLength: 1024 })),
});

/** An account as a whole (accounts-projects 9): taken along, deleted, kept after all. */
export const accountRoutes = {
  export: route({
    method: "POST",
    path: "/api/users/me/export",
    tag,
    summary: "Gather everything that is one's own in a zip archive, without secret values",
    auth: "user",
    keys: false,
    status: 202,
    response: Type.Object(taskAnswer),
    errors: ["rate_limited"],
  }),
  exported: route({
    method: "GET",
    path: "/api/users/me/export",
    tag,
    summary: "The last export and where to fetch it",
    auth: "user",
    keys: false,
    response: AccountExport,
  }),
  exportFile: route({
    method: "GET",
    path: "/api/users/me/export/{task_id}",
    tag,
    summary: "The archive of an export, for the person who asked for it, for a day",
    auth: "user",
    keys: false,
    kind: "raw",
    contentType: "application/zip",
    params: Type.Object({ task_id: Uuid }),
    errors: ["not_found"],
  }),
  /** From here on nobody signs in to the account; after 30 days it is gone. */
  remove: route({
    method: "DELETE",
    path: "/api/users/me",
    tag,
    summary: "Delete one's account after a period in which it can be undone",
    auth: "user",
    keys: false,
    status: 202,
    bodyOptional: true,
    body: DeleteAccount,
    response: Type.Object({
      ...taskAnswer,
      /** When nothing of it will be left. */
      scheduled_for: Timestamp,
      /** For whoever changes their mind at once; also mailed. */
      undo_token: Type.String(),
    }),
    errors: ["current_password_required", "current_password_wrong", "last_administrator", "rate_limited"],
  }),
  restore: route({
    method: "POST",
    path: "/api/users/restore",
    tag,
    summary: "Keep an account that is about to be deleted",
    auth: "none",
    body: RestoreAccount,
    response: Message,
    errors: ["login_bad_credentials", "deletion_not_pending", "rate_limited"],
  }),
};
