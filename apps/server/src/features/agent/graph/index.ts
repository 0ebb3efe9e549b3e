export { createGraphTools } from "./graph.tools.ts";
