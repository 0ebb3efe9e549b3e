export { Connectors } from "./Connectors.tsx";
export { lentName } from "./lent-name.ts";
