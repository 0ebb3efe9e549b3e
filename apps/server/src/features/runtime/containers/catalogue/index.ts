export {
  createServiceCatalogue,
  findService,
  freshEnvironment,
  initialEnvironment,
  isPublicService,
  volumesOf,
  workingDirOf,
  type ServiceCatalogue,
} from "./catalogue.ts";
export { type ServiceDefinition } from "./definition.ts";
export { fill, namesIn } from "./templates.ts";
