import { expect, test } from "vitest";
import { ownPath } from "./own-path.ts";

test.each([
  ["/projects?page=2#x", "/projects?page=2#x"],
  ["/p/shop-a1b2c3/code?next=//evil.example", "/p/shop-a1b2c3/code?next=//evil.example"],
  ["/a/../b", "/b"],
  ["/%2F%2Fevil.example", "/%2F%2Fevil.example"],
  ["/%5Cevil.example", "/%5Cevil.example"],
  ["/", "/"],
])("%j stays here: %j", (address, path) => expect(ownPath(address)).toBe(path));

test.each([
  undefined,
  null,
  "",
  "projects",
  "https://evil.example/",
  "//evil.example/",
  "///evil.example/",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "\t//evil.example",
  "/\n\\evil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "/%2e%2e//evil.example",
  "/./\\evil.example",
  "javascript:alert(1)",
])("%j could lead away", (address) => expect(ownPath(address)).toBe(undefined));
