export { createServiceCatalogue, findService, freshEnvironment, isPublicService, volumesOf, type ServiceCatalogue } from "./catalogue.ts";
export { type ServiceDefinition } from "./definition.ts";
export { fill, namesIn } from "./templates.ts";
