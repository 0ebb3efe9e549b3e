export { mountChats } from "./chats.routes.ts";
export { chatBusy, createChats, messageOfRun } from "./chats.service.ts";
export { createChatStore, type ChatStore, type RunMetadata } from "./chats.store.ts";
export { createConversations, type Conversations } from "./conversation.ts";
export { createConversationStore } from "./conversation.store.ts";
export {
  createAttachmentReader,
  type AttachmentReader,
  messageReferences,
  messageText,
  promptText,
  referencesMetadata,
} from "./message-content.ts";
export { createChatNaming, titleFromMessage } from "./naming.ts";
export { createModelTexts, type ModelTexts } from "./model-texts.ts";
export { createRewinds, type ConversationChange } from "./rewinds.service.ts";
export { createRewindsStore } from "./rewinds.store.ts";
export { approvalResolved, questionResolved } from "./request-events.ts";
export { createFinishOrphans } from "./orphaned-answers.ts";
export { answerMetadata } from "./transcript-events.ts";
export { createTranscripts, type Transcripts } from "./transcripts.service.ts";
export { createTranscriptsStore, type TranscriptsStore } from "./transcripts.store.ts";
