export { createCatalogue } from "./catalogue.ts";
export { createConnections } from "./connections.ts";
export { createDemoModel, type DemoModel } from "./demo-model.ts";
export { createModels, type Models, type ResolvedModel } from "./models.service.ts";
export { createModelsStore } from "./models.store.ts";
export { mountModels } from "./models.routes.ts";
export { costOf, priceOf, type Cost, type Price } from "./prices.ts";
