export { createChats, messageOf, type Chats } from "./chats.service.ts";
export { createChatStore, type ChatStore, type RunMetadata } from "./chats.store.ts";
export { historyBefore, steeredOf } from "./history.ts";
export { createAttachedReader, extrasOf, metadataOf, wordsOf } from "./message-content.ts";
export { createChatNaming } from "./naming.ts";
export { createRewinds, type ConversationChange, type Rewinds } from "./rewinds.service.ts";
export { createRewindsStore } from "./rewinds.store.ts";
export { titleFrom } from "./title.ts";
