import { expect as playwrightExpect, type Page } from "@playwright/test";

/** What a browser check uses. The page is new, and nothing that earlier checks stored in the browser is left. */
export interface CheckContext {
  page: Page;
  /** Opens a path of the app. */
  open(path?: string): Promise<void>;
  /** Requests a path of the app without the browser, such as an endpoint of an API. Takes at most 10 s. */
  request(path: string, init?: { method?: string; headers?: Record<string, string>; body?: unknown }): Promise<AppResponse>;
}
export interface AppResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined if it is something else. */
  json: unknown;
}

export type BrowserCheck = (context: CheckContext) => Promise<void>;
/** A file in `checks/` exports these by default: what each check proves, and the check. They run in this order. */
export type BrowserChecks = Readonly<Record<string, BrowserCheck>>;

export const defineChecks = (checks: BrowserChecks): BrowserChecks => checks;

/** Playwright's `expect`, whose assertions about pages wait up to 5 s. */
export const expect = playwrightExpect;
