import { request } from "node:http";

export interface Page {
  status: number;
  headers: Headers;
  body: string;
}

/** Fetches an address of the preview site over loopback; names under .localhost are not resolved by every libc, and the Host header is what counts. */
export function fetchPreview(
  address: string,
  port: number,
  headers: Record<string, string> = {},
  { method = "GET", body: sent }: { method?: string; body?: unknown } = {},
): Promise<Page> {
  const target = new URL(address);
  const content = sent === undefined ? undefined : JSON.stringify(sent);
  return new Promise((resolve, reject) => {
    request(
      {
        host: "127.0.0.1",
        port,
        method,
        path: target.pathname + target.search,
        headers: {
          accept: "text/html",
          ...(content !== undefined && { "content-type": "application/json" }),
          ...headers,
          host: target.host,
        },
      },
      (response) => {
        const fields = new Headers();
        for (const [name, values] of Object.entries(response.headersDistinct)) for (const value of values ?? []) fields.append(name, value);
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: fields, body }));
        response.once("error", reject);
      },
    )
      .once("error", reject)
      .end(content);
  });
}

/** Enters a preview with its single-use ticket, as a browser does, and returns the first page. */
export async function enterPreview(ticketUrl: string, port: number): Promise<Page & { cookie: string }> {
  const entry = await fetchPreview(ticketUrl, port);
  if (entry.status !== 303) throw new Error(`the ticket got status ${entry.status}: ${entry.body.slice(0, 200)}`);
  const cookie = entry.headers
    .getSetCookie()
    .map((c) => c.split(";")[0])
    .join("; ");
  return { ...(await fetchPreview(new URL(entry.headers.get("location") ?? "/", ticketUrl).href, port, { cookie })), cookie };
}
