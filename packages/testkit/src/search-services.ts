import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface SearchServices extends AsyncDisposable {
  /** Base URL of Brave, Tavily and SearXNG: one server plays all three. */
  url: string;
  key: string;
  /** Queries, in order. */
  queries: { provider: "brave" | "tavily" | "searxng"; query: string; count: number | null }[];
  close(): Promise<void>;
}
export interface FoundPage {
  title: string;
  url: string;
  snippet: string;
}

/** Starts the three search services, each with its real path, method, key header, response and errors. */
export async function startSearchServices(pages: FoundPage[], key = "search-key"): Promise<SearchServices> {
  const queries: SearchServices["queries"] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://search");
      const send = (status: number, body: unknown) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      let text = "";
      for await (const chunk of request) text += String(chunk);
      const { method } = request;
      if (method === "GET" && url.pathname === "/res/v1/web/search") {
        if (request.headers["x-subscription-token"] !== key)
          return send(422, { type: "ErrorResponse", error: { code: "SUBSCRIPTION_TOKEN_INVALID" } });
        const count = Number(url.searchParams.get("count") ?? 20);
        queries.push({ provider: "brave", query: url.searchParams.get("q") ?? "", count });
        const results = pages.slice(0, count).map(({ snippet, ...page }) => ({ ...page, description: `<strong>${snippet}</strong>` }));
        return send(200, { type: "search", web: { type: "search", results } });
      }
      if (method === "POST" && url.pathname === "/search") {
        if (request.headers.authorization !== `Bearer ${key}`)
          return send(401, { detail: { error: "Unauthorized: missing or invalid API key." } });
        const body = JSON.parse(text) as { query: string; max_results: number };
        queries.push({ provider: "tavily", query: body.query, count: body.max_results });
        const results = pages.slice(0, body.max_results).map(({ snippet, ...page }) => ({ ...page, content: snippet, score: 0.9 }));
        return send(200, { query: body.query, results, response_time: 0.4 });
      }
      if (method === "GET" && url.pathname === "/search" && url.searchParams.get("format") === "json") {
        queries.push({ provider: "searxng", query: url.searchParams.get("q") ?? "", count: null });
        return send(200, {
          query: url.searchParams.get("q"),
          results: pages.map(({ snippet, ...page }) => ({ ...page, content: snippet })),
        });
      }
      return send(404, { error: "not found" });
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key, queries, close, [Symbol.asyncDispose]: close };
}
