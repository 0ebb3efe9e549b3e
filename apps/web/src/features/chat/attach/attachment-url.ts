export const attachmentUrl = (id: string): string => `/api/chat/attachments/${id}`;
