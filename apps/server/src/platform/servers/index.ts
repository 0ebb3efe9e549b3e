export { createProjectOwners, soleOwner, type ProjectOwners } from "./project-owners.ts";
export { createProjectLookup, type ProjectLookup } from "./project-lookup.ts";
export { registerServer, type ServerRegistry } from "./registry.ts";
export { createForwardSignatures, forwardHeader, notAcceptedHeader, type ForwardSignatures } from "./signature.ts";
