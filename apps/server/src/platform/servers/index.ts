export { createProjectOwners, soleOwner, type ProjectOwners } from "./project-owners.ts";
export { createProjectLookup, type ProjectLookup } from "./project-lookup.ts";
export { registerServer, type ServerRegistry } from "./registry.ts";
export { startServerReporter, type ServerReporter } from "./reporter.ts";
export { readReport, type RunnerView, type ServerReport } from "./server-report.ts";
export { createForwardSignatures, forwardHeader, notAcceptedHeader, type ForwardSignatures } from "./signature.ts";
