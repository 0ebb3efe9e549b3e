export { createGraphLending } from "./graph.tools.ts";
