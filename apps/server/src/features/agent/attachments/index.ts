export { attachmentAad, createAttachments, type Attachments } from "./attachments.service.ts";
export { createAttachmentsStore } from "./attachments.store.ts";
export { createAttachmentTools } from "./attachments.tools.ts";
export { createToolImages, type ToolImages } from "./tool-images.ts";
export { mountAttachments } from "./attachments.routes.ts";
