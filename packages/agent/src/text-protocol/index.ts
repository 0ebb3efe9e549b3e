/** Function calling for models that have none, and the replies of the older agent types. Models with function calling do not come here. */
export { refusesTools, withTextFallback } from "./fallback.ts";
export { openProtocol, type Next, type ProtocolSession } from "./protocol.ts";
export { relevantFiles } from "./relevant-files.ts";
export { withTextTools } from "./text-tools.ts";
