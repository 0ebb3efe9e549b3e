export { createProjects, type Projects, type Release } from "./projects.service.ts";
export { createProjectsStore, setProjectFacts, setProjectHosting, type ProjectsStore } from "./projects.store.ts";
export {
  createProvisioning,
  isBranchName,
  repositoryAddress,
  type ResolveBase,
  type CreatedProject,
  type FirstMessages,
  type Provisioning,
} from "./provisioning.ts";
export type { ProjectSource, ServiceShape, SourceInput } from "./project-source.ts";
export { createTemplateSource, serviceOf, type InsertFirst } from "./template-source.ts";
export { createSandboxes } from "./sandboxes.ts";
export { loadTemplates, type Templates } from "./templates.ts";
export { mountProjects } from "./projects.routes.ts";
export { runStatusOf } from "./run-status.ts";
