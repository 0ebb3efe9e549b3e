import { describe, expect, test } from "vitest";
import { responseHeaders, cookieValues, isOwnAuthorization, projectCookie, requestHeaders } from "./headers.ts";

const forwarding = { ip: "1.2.3.4", scheme: "http" as const, isDocument: false, isWorkerScript: false };
const jwt = (claims: object) => `Bearer aaa.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.bbb`;

describe("requestHeaders", () => {
  test("hides our cookies from the project and keeps the project's", () => {
    expect(
      requestHeaders({ cookie: "a=1; tesslate_auth=x; tesslate_preview=y; b=2; __Host-tesslate_preview=z" }, forwarding)["cookie"],
    ).toBe("a=1; b=2");
    expect(requestHeaders({ cookie: "tesslate_auth=x" }, forwarding)).not.toHaveProperty("cookie");
  });
  test("drops our credentials and passes the project's", () => {
    expect(requestHeaders({ authorization: "Bearer tsk_abc" }, forwarding)).not.toHaveProperty("authorization");
    expect(requestHeaders({ authorization: jwt({ aud: ["fastapi-users:auth"] }) }, forwarding)).not.toHaveProperty("authorization");
    expect(requestHeaders({ authorization: jwt({ aud: "my-app" }) }, forwarding)).toHaveProperty("authorization");
    expect(requestHeaders({ authorization: "Basic eA==" }, forwarding)).toHaveProperty("authorization");
  });
  test("drops hop-by-hop headers, also those named by Connection, and forged forwarding headers", () => {
    const headers = requestHeaders(
      {
        connection: "keep-alive, x-odd",
        "x-odd": "1",
        "keep-alive": "1",
        "x-forwarded-for": "9.9.9.9",
        forwarded: "for=x",
        host: "a.preview.localhost:80",
      },
      forwarding,
    );
    expect(headers).toEqual({
      host: "a.preview.localhost:80",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "a.preview.localhost:80",
    });
  });
  test("requests uncompressed documents and restores the project's etag", () => {
    const headers = requestHeaders(
      { "accept-encoding": "br", "if-none-match": 'W/"abc-ts", "d-ts"', range: "bytes=0-1" },
      { ...forwarding, isDocument: true },
    );
    expect(headers).toMatchObject({ "accept-encoding": "identity", "if-none-match": 'W/"abc", "d"' });
    expect(headers).not.toHaveProperty("range");
  });
});

describe("responseHeaders", () => {
  const rewrite = { isChanged: false, isDocument: true, appOrigin: "http://localhost:8000", isFramed: false };
  test("can be framed by the app only", () =>
    expect(responseHeaders({}, rewrite)["content-security-policy"]).toEqual(["frame-ancestors http://localhost:8000"]));
  test("adds frame-ancestors to a policy without it and leaves one with it", () => {
    expect(responseHeaders({ "content-security-policy": "default-src 'self'" }, rewrite)["content-security-policy"]).toEqual([
      "default-src 'self'",
      "frame-ancestors http://localhost:8000",
    ]);
    expect(
      responseHeaders({ "content-security-policy": "default-src 'self'; frame-ancestors 'none'" }, rewrite)["content-security-policy"],
    ).toBe("default-src 'self'; frame-ancestors 'none'");
  });
  test("never passes a cookie with our names and limits the project's to its host", () => {
    expect(
      responseHeaders(
        { "set-cookie": ["tesslate_auth=evil; Domain=localhost", "a=1; Path=/; Domain=preview.localhost; HttpOnly"] },
        rewrite,
      )["set-cookie"],
    ).toEqual(["a=1; Path=/; HttpOnly"]);
    expect(projectCookie("TESSLATE_PREVIEW=1", { isFramed: true })).toBeUndefined();
  });
  test("browsers send the project's cookies to a preview in a frame", () => {
    for (const [line, expected] of [
      ["session=1; Path=/; HttpOnly; SameSite=Lax", "session=1; Path=/; HttpOnly; SameSite=None; Secure; Partitioned"],
      ["a=secure; Secure; samesite=strict; Partitioned; Max-Age=0", "a=secure; Max-Age=0; SameSite=None; Secure; Partitioned"],
      ["plain", "plain; SameSite=None; Secure; Partitioned"],
    ])
      expect(projectCookie(line ?? "", { isFramed: true })).toBe(expected);
  });
  test("a modified body has another length and etag", () => {
    expect(
      responseHeaders(
        { "content-length": "5", "content-encoding": "gzip", etag: 'W/"abc"', "content-type": "text/html" },
        { ...rewrite, isChanged: true, isDocument: false },
      ),
    ).toEqual({ etag: 'W/"abc-ts"', "content-type": "text/html" });
  });
});

test("cookieValues finds every cookie of a name", () =>
  expect(cookieValues("a=1; tesslate_preview=x; tesslate_preview=y=z", "tesslate_preview")).toEqual(["x", "y=z"]));
test("isOwnAuthorization handles invalid input", () => expect(isOwnAuthorization("Bearer a.%%.c")).toBe(false));
