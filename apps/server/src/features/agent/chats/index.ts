export { mountChats } from "./chats.routes.ts";
export { chatBusy, createChats, messageOfRun } from "./chats.service.ts";
export { createChatStore, type ChatStore, type RunMetadata } from "./chats.store.ts";
export { endOfChat, historyBefore, steeredTexts } from "./history.ts";
export { createAttachmentReader, messageReferences, messageText, referencesMetadata } from "./message-content.ts";
export { createChatNaming, titleFromMessage } from "./naming.ts";
export { createGenerateTitle } from "./title-model.ts";
export { createRewinds, type ConversationChange } from "./rewinds.service.ts";
export { createRewindsStore } from "./rewinds.store.ts";
