import type { TestApp } from "./app.ts";

/** A browser-like client: keeps cookies by name and path, sends an Origin and, with a token, the CSRF header. */
export interface Browser {
  cookies: Map<string, { value: string; path: string; flags: string }>;
  /** Sent as X-CSRF-Token with every write. */
  csrf: string | undefined;
  request(method: string, path: string, options?: { json?: unknown; headers?: Record<string, string> }): Promise<Response>;
  signIn(email: string, password: string): Promise<Response>;
  fetchCsrf(): Promise<string>;
  /** The Cookie header for a path. */
  cookieHeader(path: string): string;
}

export function openBrowser(app: Pick<TestApp, "url">, { origin = app.url }: { origin?: string } = {}): Browser {
  const cookies: Browser["cookies"] = new Map();
  const browser: Browser = {
    cookies,
    csrf: undefined,
    cookieHeader: (path) =>
      [...cookies]
        .filter(([, c]) => path.startsWith(c.path))
        .map(([name, c]) => `${name}=${c.value}`)
        .join("; "),
    request: async (method, path, { json, headers = {} } = {}) => {
      const cookie = browser.cookieHeader(path);
      const response = await fetch(app.url + path, {
        method,
        redirect: "manual",
        headers: {
          ...(cookie && { cookie }),
          ...(method !== "GET" && { origin, ...(browser.csrf !== undefined && { "x-csrf-token": browser.csrf }) }),
          ...(json !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = "", flags = ""] = /^([^=]+)=([^;]*);?(.*)$/.exec(line) ?? [];
        if (/expires=Thu, 01 Jan 1970/i.test(flags)) cookies.delete(name);
        else cookies.set(name, { value, path: /path=([^;]+)/i.exec(flags)?.[1] ?? "/", flags });
      }
      return response;
    },
    signIn: (email, password) => browser.request("POST", "/api/auth/login", { json: { email, password } }),
    fetchCsrf: async () => {
      const { csrf_token } = (await (await browser.request("GET", "/api/auth/csrf")).json()) as { csrf_token: string };
      return (browser.csrf = csrf_token);
    },
  };
  return browser;
}
