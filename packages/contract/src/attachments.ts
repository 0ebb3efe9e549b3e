import { described, Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, type Static } from "./schema.ts";
import { route } from "./route.ts";

/** Bytes of one attachment. */
export const maxAttachmentBytes = 25 * 1024 * 1024;
/** Attachments of one message. */
export const maxAttachments = 10;
/** Bytes of all attachments of one person in one project. */
export const maxAttachedBytes = 250 * 1024 * 1024;

export const MessageAttachment = described(
  "A file of a message, as in its `message_metadata.attachments`.",
  Type.Object({
    id: Uuid,
    name: described("Without folders and control characters", Type.String()),
    mime_type: described("Detected from the content", Type.String()),
    kind: described(
      "`image`: shown to models with vision. `text`: quoted to the model, the rest is read by a tool. `file`: only named; saved into the project on request",
      Literals("image", "text", "file"),
    ),
    size_bytes: Type.Integer(),
    width: described("In pixels, of images", Nullable(Type.Integer())),
    height: Nullable(Type.Integer()),
  }),
);
export type MessageAttachment = Static<typeof MessageAttachment>;
export const Attachment = described(
  "An uploaded attachment. `project_id` is null until a project is created with it.",
  extend(MessageAttachment, { project_id: Nullable(Uuid), created_at: Timestamp }),
);
export type Attachment = Static<typeof Attachment>;

export const Mention = described(
  "A file or folder of the project that a message refers to.",
  Type.Object({ path: Type.String({ minLength: 1, maxLength: 1024 }) }),
);
export type Mention = Static<typeof Mention>;
export const maxMentions = 20;

const tag = "attachments";
const AttachmentParams = Type.Object({ attachment_id: Uuid });
/** Uploaded first, then named in the message by id. */
export const attachmentsRoutes = {
  upload: route({
    method: "POST",
    path: "/api/chat/attachments",
    tag,
    summary: "Upload attachment",
    description:
      "Uploads a file of at most 25 MiB as the multipart field `file`, for a message of this project, or without `project_id` for the first message of a new one. Unused attachments are deleted after 24 hours.",
    auth: "user",
    keys: "run",
    kind: "upload",
    status: 201,
    query: Type.Object({ project_id: Type.Optional(ProjectRef) }),
    response: Attachment,
    errors: ["not_found", "file_too_large", "attachments_full"],
  }),
  file: route({
    method: "GET",
    path: "/api/chat/attachments/{attachment_id}",
    tag,
    summary: "Download attachment",
    description: "The bytes of your attachment, or of an image of a tool result. Images are shown inline, other files are downloaded.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    kind: "raw",
    contentType: "application/octet-stream",
    otherContentTypes: ["image/png", "image/jpeg", "image/gif", "image/webp"],
    params: AttachmentParams,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/attachments/{attachment_id}",
    tag,
    summary: "Delete attachment",
    description: "Deletes an attachment that no message uses.",
    auth: "user",
    keys: "run",
    status: 204,
    params: AttachmentParams,
    errors: ["not_found", "attachment_used"],
  }),
};
