import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { injectAtHead } from "./document-head.ts";

const inject = async (chunks: Buffer[]) => (await buffer(Readable.from(chunks).pipe(injectAtHead("<X>")))).toString("utf8");

const cases: [string, string][] = [
  ["<!doctype html><html><head><title>a</title>", "<!doctype html><html><head><X><title>a</title>"],
  ["<html lang=\"a>b\">\n<head data-x='>'>y", "<html lang=\"a>b\">\n<head data-x='>'><X>y"],
  ["<!-- <head> --><HTML><HEAD>y", "<!-- <head> --><HTML><HEAD><X>y"],
  ["<!doctype html>\n<title>a</title>", "<!doctype html>\n<X><title>a</title>"],
  ["<header>a</header>", "<X><header>a</header>"],
  ["hello", "<X>hello"],
  ["<h1>é</h1>", "<X><h1>é</h1>"],
  ["<html><body>a", "<html><X><body>a"],
  ["\ufeff<html><head>a", "\ufeff<html><head><X>a"],
  ["<!doctype html>", "<!doctype html><X>"],
  ["", ""],
];
describe("injectAtHead", () => {
  test.each(cases)("%j", async (html, wanted) => expect(await inject([Buffer.from(html)])).toBe(wanted));
  test.each(cases)("%j byte by byte", async (html, wanted) =>
    expect(await inject([...Buffer.from(html)].map((b) => Buffer.from([b])))).toBe(wanted),
  );
  test("passes the first chunk on as soon as the head is found", async () => {
    const stream = injectAtHead("<X>");
    stream.write("<html><head>");
    expect(String(stream.read())).toBe("<html><head><X>");
    stream.write("more");
    expect(String(stream.read())).toBe("more");
  });
  test("does not buffer an endless prologue", async () => {
    expect(await inject([Buffer.from("<!--"), Buffer.alloc(70_000, "a"), Buffer.from("b")])).toMatch(/^<X><!--a+b$/);
  });
});
