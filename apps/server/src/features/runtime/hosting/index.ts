export { createHosting, type Hosting } from "./hosting.service.ts";
export { createHostingStore } from "./hosting.store.ts";
export { mountHosting } from "./hosting.routes.ts";
