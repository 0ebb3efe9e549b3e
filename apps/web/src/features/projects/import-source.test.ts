import { expect, test } from "vitest";
import { addressProblem, isZip, nameFromAddress, nameFromFile } from "./import-source.ts";

test.each([
  ["https://github.com/ada/shop.git", "shop"],
  ["https://gitlab.com/a/b/c/", "c"],
  ["https://example.com/caf%C3%A9", "café"],
  ["https://example.com/100%", "100%"],
  ["not an address", ""],
])("%s is called %s", (address, name) => expect(nameFromAddress(address)).toBe(name));

test("an archive is called as its file", () => expect(nameFromFile("My site.ZIP")).toBe("My site"));

test.each([
  ["", /Enter a repository URL/],
  ["git@github.com:ada/shop.git", /SSH/],
  ["ssh://git@x/y", /SSH/],
  ["ftp://x/y", /https/],
  ["https://ada:secret@x/y", /password/],
])("%j is no address of a repository", (address, why) => expect(addressProblem(address)).toMatch(why));
test("an https address is one", () => expect(addressProblem(" https://github.com/ada/shop ")).toBeUndefined());

test.each([
  [{ name: "a.zip", type: "" }, true],
  [{ name: "a", type: "application/x-zip-compressed" }, true],
  [{ name: "a.tar.gz", type: "application/gzip" }, false],
])("%j is a zip: %s", (file, is) => expect(isZip(file)).toBe(is));
