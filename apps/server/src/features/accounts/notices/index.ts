export { createNotices } from "./notices.service.ts";
export { createNoticesStore } from "./notices.store.ts";
