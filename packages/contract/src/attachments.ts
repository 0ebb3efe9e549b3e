import { Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, type Static } from "./schema.ts";
import { route } from "./route.ts";

/** agent-git-deploy 4.19. */
export const maxAttachmentBytes = 25 * 1024 * 1024;
/** In one message. */
export const maxAttachments = 10;
/** Of one person in one project, all messages together. */
export const maxAttachedBytes = 250 * 1024 * 1024;

/** As a message's `message_metadata.attachments` lists them. */
export const MessageAttachment = Type.Object({
  id: Uuid,
  /** As people see it: no folders, no control characters. */
  name: Type.String(),
  /** What the bytes say, not what the client said. */
  mime_type: Type.String(),
  /** `image`: shown to models that can see. `text`: quoted to the model, the rest by a tool. `file`: named; saved into the project on request. */
  kind: Literals("image", "text", "file"),
  size_bytes: Type.Integer(),
  /** Pixels of an image, where the bytes tell. */
  width: Nullable(Type.Integer()),
  height: Nullable(Type.Integer()),
});
export type MessageAttachment = Static<typeof MessageAttachment>;
/** `project_id` is null until a project is created with it. */
export const Attachment = extend(MessageAttachment, { project_id: Nullable(Uuid), created_at: Timestamp });
export type Attachment = Static<typeof Attachment>;

/** What a message points at: a file or folder of the project, by its path. */
export const Mention = Type.Object({ path: Type.String({ minLength: 1, maxLength: 1024 }) });
export type Mention = Static<typeof Mention>;
export const maxMentions = 20;

const tag = "chat";
const AttachmentParams = Type.Object({ attachment_id: Uuid });
/** Files for messages: uploaded first, named in the message by id. One that no message uses goes after 24 hours. */
export const attachmentsRoutes = {
  upload: route({
    method: "POST",
    path: "/api/chat/attachments",
    tag,
    summary:
      "Upload a file for a message of this project, or without project_id for the first message of a new one (multipart: file), at most 25 MiB",
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
    summary: "The bytes of one's own attachment; only pictures are shown, everything else is a download",
    auth: "user",
    kind: "raw",
    contentType: "application/octet-stream",
    params: AttachmentParams,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/attachments/{attachment_id}",
    tag,
    summary: "Throw away an attachment that no message uses",
    auth: "user",
    keys: "run",
    status: 204,
    params: AttachmentParams,
    errors: ["not_found", "attachment_used"],
  }),
};
