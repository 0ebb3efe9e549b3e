import type { BrowserContext, Page } from "playwright-core";
import type { VerifyReport } from "@tesslate/contract";

const maxLines = 30;
const maxLine = 400;
const maxPages = 3;

/** The path of a URL of the app; other URLs as they are. */
export const pathIn = (origin: string, url: string): string => (url.startsWith(origin) ? url.slice(origin.length) || "/" : url);

/** Collects errors of a page, and requests that failed or that the proxy blocked. Closes further pages. */
export function watchPage(
  { context, page, origin }: { context: BrowserContext; page: Page; origin: string },
  isBlocked: (url: string) => boolean,
): () => Pick<VerifyReport, "console_errors" | "failed_requests" | "blocked"> {
  const consoleErrors: string[] = [];
  const failedRequests: string[] = [];
  const note = (list: string[], line: string) => {
    const short = line.length > maxLine ? `${line.slice(0, maxLine)}…` : line;
    if (list.length < maxLines && !list.includes(short)) list.push(short);
  };
  const blocked = new Map<string, number>();
  const noteBlocked = (url: string) => {
    const host = URL.parse(url)?.host.slice(0, 200) ?? "";
    if (isBlocked(url) && (blocked.has(host) || blocked.size < maxLines)) blocked.set(host, (blocked.get(host) ?? 0) + 1);
  };
  context.on("request", (request) => noteBlocked(request.url()));
  page.on("websocket", (socket) => noteBlocked(socket.url()));
  context.on("page", (other) => {
    if (context.pages().length > maxPages) void other.close().catch(() => undefined);
  });
  page.on("pageerror", (error) => note(consoleErrors, withLocation(error, origin)));
  page.on("console", (message) => {
    const { url } = message.location();
    // A failed request is listed with the requests, or with the blocked ones.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource") || isBlocked(url)) return;
    note(consoleErrors, message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !isBlocked(response.url()))
      note(failedRequests, `${response.request().method()} ${pathIn(origin, response.url())} answered ${response.status()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    if (!/ERR_ABORTED/.test(why) && !isBlocked(request.url()))
      note(failedRequests, `${request.method()} ${pathIn(origin, request.url())} failed (${why.replace("net::", "")})`);
  });
  return () => ({
    console_errors: consoleErrors,
    failed_requests: failedRequests,
    blocked: [...blocked].map(([host, count]) => ({ host, count })),
  });
}

/** The message with the first location in the app from its stack. */
export function withLocation(error: Error, origin: string): string {
  const location = (error.stack ?? "").split("\n").find((line) => line.includes(origin));
  const at = location
    ?.slice(location.indexOf(origin) + origin.length)
    .replace(/\)$/, "")
    .replace(/\?[^:]*/, "")
    .trim();
  return `${error.name}: ${error.message}${at ? ` (at ${at})` : ""}`;
}
