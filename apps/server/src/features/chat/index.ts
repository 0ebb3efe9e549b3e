export { createApprovals } from "./chat.approvals.ts";
export { createRunTask, type RunSurroundings } from "./chat.run.ts";
export { createChat, runType, type Chat } from "./chat.service.ts";
export { createSessions } from "./chat.sessions.ts";
export { createChatSocket } from "./chat.socket.ts";
export { createChatStore } from "./chat.store.ts";
export { mountChat } from "./chat.routes.ts";
export { createRunsStore } from "./runs.store.ts";
