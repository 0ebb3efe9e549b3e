export { createNotes } from "./notes.service.ts";
export { createNotesStore } from "./notes.store.ts";
export { mountNotes } from "./notes.routes.ts";
