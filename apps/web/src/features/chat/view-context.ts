/** What the person looks at while they write: on the canvas the agent gets the canvas' tools. */
export const viewContextOf = (path: string): "graph" | "builder" => (/^\/p\/[^/]+\/canvas\/?$/.test(path) ? "graph" : "builder");
