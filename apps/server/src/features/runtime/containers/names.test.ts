import { describe, expect, test } from "vitest";
import { freeKey, nextFreePort, hostLabel, serviceKey } from "./names.ts";

describe("serviceKey", () => {
  test.each([
    ["React + Vite", "react-vite"],
    ["My_api.v2", "my-api-v2"],
    ["--a--b--", "a-b"],
    ["Füße", "fue"],
    ["***", ""],
    ["x".repeat(80), "x".repeat(63)],
    [`${"x".repeat(62)}-y`, "x".repeat(62)],
  ])("%j becomes %j", (name, key) => expect(serviceKey(name)).toBe(key));
});

describe("hostLabel", () => {
  test("joins slug and service", () => expect(hostLabel("shop-abc123", "web")).toBe("shop-abc123-web"));
  test("keeps a label of 63 characters", () => expect(hostLabel("s".repeat(57), "abcde")).toHaveLength(63));
  test("shortens a longer one to 58 characters and adds four of a hash", () => {
    const label = hostLabel("s".repeat(57), "service-one");
    expect(label).toMatch(/^s{57}--[0-9a-f]{4}$/);
    expect(label).toHaveLength(63);
    expect(label).not.toBe(hostLabel("s".repeat(57), "service-two"));
  });
  test("gives another label on the next attempt", () => {
    expect(hostLabel("a", "b", 1)).toMatch(/^a-b-[0-9a-f]{4}$/);
    expect(hostLabel("a", "b", 1)).not.toBe(hostLabel("a", "b", 2));
  });
});

test("freeKey appends the next free number", () => {
  expect(freeKey("web", new Set())).toEqual({ key: "web", number: 1 });
  expect(freeKey("web", new Set(["web", "web-2"]))).toEqual({ key: "web-3", number: 3 });
  expect(freeKey("w".repeat(63), new Set(["w".repeat(63)])).key).toBe(`${"w".repeat(61)}-2`);
});

test("freePort returns the next free port", () => {
  expect(nextFreePort(5173, new Set())).toBe(5173);
  expect(nextFreePort(5173, new Set([5173, 5174]))).toBe(5175);
  expect(nextFreePort(65_535, new Set([65_535]))).toBe(1024);
});
