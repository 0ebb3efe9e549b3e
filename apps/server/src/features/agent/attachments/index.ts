export { attachmentAad, createAttachments, type Attachments } from "./attachments.service.ts";
export { createAttachmentsStore } from "./attachments.store.ts";
export { attachmentTools } from "./attachments.tools.ts";
export { mountAttachments } from "./attachments.routes.ts";
