export { createSpares, spareIdsKey, type Spares } from "./spares.service.ts";
export { createStartRows } from "./spare-start.ts";
export { createPlanTemplate, insertRows } from "./template-rows.ts";
