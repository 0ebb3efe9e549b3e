/** The client without the list of routes, for applications with their own list. */
export { ApiError } from "./api-error.ts";
export { bindRoutes, urlOf, type Client, type RequestOptions, type StreamOptions } from "./bind-routes.ts";
export { backoffMs, reopen, type ConnectionHints } from "./reopen.ts";
export { readEvents } from "./server-events.ts";
