export { createPresence, type Presence } from "./presence.service.ts";
export { mountPresence } from "./presence.routes.ts";
