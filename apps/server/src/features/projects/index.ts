export { createProjects, type Projects, type Release } from "./projects.service.ts";
export { createProjectsStore } from "./projects.store.ts";
export { createProvisioning, type ContainerWork, type Provisioning } from "./provisioning.ts";
export { createSandboxes } from "./sandboxes.ts";
export { loadTemplates, type BundledTemplate, type Templates } from "./templates.ts";
export { mountProjects } from "./projects.routes.ts";
export { runStatusOf } from "./run-status.ts";
