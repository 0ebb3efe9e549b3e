/** The open view. On the canvas the agent gets the tools of the canvas. */
export const viewContextOf = (path: string): "graph" | "builder" => (/^\/p\/[^/]+\/canvas\/?$/.test(path) ? "graph" : "builder");
