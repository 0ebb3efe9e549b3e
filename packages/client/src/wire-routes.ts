import type { RouteGroup, RouteSpec } from "@tesslate/contract";

/** What a client needs of a route. The schemas stay on the server. */
export interface WireRoute {
  method: RouteSpec["method"];
  path: string;
  kind?: RouteSpec["kind"];
  /** The stream continues after the event named in `Last-Event-ID`. */
  isResumable?: true;
  /** The stream ends, and answers 204 to a client that has its last event. */
  hasEnd?: true;
}
export type WireRoutes = Record<string, Record<string, WireRoute>>;

/** The same routes without schemas and texts. */
export function wireRoutesOf(routes: Record<string, RouteGroup>): WireRoutes {
  const wire = ({ method, path, kind, requestHeaders, hasEnd }: RouteSpec): WireRoute => ({
    method,
    path,
    ...(kind && { kind }),
    ...(kind === "sse" && requestHeaders?.includes("Last-Event-ID") && { isResumable: true }),
    ...(hasEnd && { hasEnd }),
  });
  return Object.fromEntries(
    Object.entries(routes).map(([group, specs]) => [
      group,
      Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, wire(spec)])),
    ]),
  );
}
