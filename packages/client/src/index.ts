export type * from "@tesslate/contract";
export { ApiError } from "./api-error.ts";
export type { Client, RequestOptions, SocketPath, StreamOptions } from "./bind-routes.ts";
export { createClient, type ClientOptions, type StudioClient } from "./client.ts";
export type { ConnectionHints } from "./reopen.ts";
export type { Socket } from "./socket.ts";
