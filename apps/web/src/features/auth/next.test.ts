import { expect, test } from "vitest";
import { safeNext } from "./next.ts";

test.each([
  [undefined, "/"],
  ["", "/"],
  ["/projects?page=2#x", "/projects?page=2#x"],
  ["/p/shop-a1b2c3/code", "/p/shop-a1b2c3/code"],
  ["https://evil.example/", "/"],
  ["//evil.example/", "/"],
  ["/\\evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/login?next=/login", "/"],
  ["/register", "/"],
  ["/registered", "/registered"],
  ["/\t/evil.example", "/"],
  ["/.//evil.example", "/"],
  ["/x/../login?next=/login", "/"],
])("%j leads to %j", (next, where) => expect(safeNext(next)).toBe(where));
