import { describe, expect, test } from "vitest";
import { rejectTarget } from "./request-target.ts";

describe("allows requests that pages need", () => {
  test.each([
    "/",
    "/index.html?x=1",
    "/src/main.tsx?t=123",
    "/src/App.tsx?import&raw",
    "/@vite/client",
    "/@react-refresh",
    "/@id/__x00__virtual:thing",
    "/@id/react/jsx-runtime",
    "/@fs/app/node_modules/vite/dist/client/env.mjs",
    "/node_modules/.vite/deps/react.js?v=1a2b3c",
    "/node_modules/.pnpm/react@19/node_modules/react/index.js",
    "/.well-known/appspecific/com.chrome.devtools.json",
    "/_next/static/chunks/main.js",
    "/api/users/a.b?path=.env",
    "/caf%C3%A9",
    "/100%25",
    "/home",
    "/usr/profile?tab=1",
  ])("%s", (target) => expect(rejectTarget(target)).toBeUndefined());
});

describe("rejects paths to hidden files or outside the project", () => {
  test.each([
    "/.env",
    "/.env.local?raw",
    "/.env?import&raw??",
    "/%2eenv",
    "/%252eenv",
    "/src/..%2f.env",
    "/.git/config",
    "/.git%2fconfig",
    "/a/.GIT/HEAD",
    "/.env/.",
    "/foo/../.env",
    "/..%5c.env",
    "/node_modules/.env",
    "/node_modules/../.env",
    "/node_modules/x/../../.secret/key",
    "/.npmrc",
    "/.ssh/id_rsa",
    "/@fs/etc/passwd",
    "/@fs/etc/passwd?import&raw??",
    "/@fs//etc/passwd",
    "/@fs/app/../etc/passwd",
    "/@fs/app/%2e%2e/etc/passwd",
    "/%40fs/etc/passwd",
    "//@fs/etc/passwd",
    "/base/@fs/proc/self/environ",
    "/@fs/app/.env",
    "/@id//etc/passwd?raw",
    "/@id/__x00__/etc/passwd",
    "/proc/self/environ?raw",
    "/etc/passwd?import&url",
    "/x/../proc/self/environ?.svg&raw",
    "/.vscode/settings.json",
  ])("%s", (target) => expect(rejectTarget(target)).toBe("forbidden"));
});

describe("rejects targets that no browser sends", () => {
  test.each(["/@fs/app/#/../../etc/passwd", "http://evil/", "*", "/a\u0000b", "/%00", "/%2525252e", "/a b"])("%j", (target) =>
    expect(rejectTarget(target)).toBe("malformed"),
  );
});
