export { DomainsDialog } from "./on-demand.ts";
