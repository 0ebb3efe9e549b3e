import { ApiError } from "@tesslate/client/core";
import { describe, expect, test, vi } from "vitest";
import { createConnection } from "./connection.ts";
import { fieldErrorsOf, sentenceOf } from "./errors.ts";
import { rank, scoreOf } from "./rank.ts";

describe("rank", () => {
  test("whole before prefix before word start before inside before letters in order", () => {
    expect(rank(["xlogx", "open the log", "logs of web", "log", "lodge"], "log", String)).toEqual([
      "log",
      "logs of web",
      "open the log",
      "xlogx",
      "lodge",
    ]);
  });
  test("several words in any order", () => expect(scoreOf("Go to Projects", "projects go")).toBeGreaterThan(0.4));
  test("no match is dropped", () => expect(rank(["alpha", "beta"], "zzz", String)).toEqual([]));
  test("an empty query keeps all in order", () => expect(rank(["b", "a"], "  ", String)).toEqual(["b", "a"]));
});

describe("errors", () => {
  test("fields of a 422 go to their fields, the rest to the form", () => {
    const error = new ApiError(422, {
      detail: [
        { loc: ["body", "email"], msg: "is no e-mail", type: "format" },
        { loc: ["body", "email"], msg: "second", type: "x" },
        { loc: ["body", "other"], msg: "is odd", type: "x" },
      ],
    });
    expect(fieldErrorsOf(error, ["email", "password"])).toEqual({ email: "is no e-mail", "": "is odd" });
  });
  test.each([
    ["minLength", "Must not be empty", "Must not be empty"],
    ["pattern", "Must start with http:// or https://", "Must start with http:// or https://"],
    ["pattern", "Must match the pattern ^[a-z]+$", "Invalid format"],
  ])("a schema's %s, %s, is shown to a person", (type, msg, shown) => {
    const error = new ApiError(422, { detail: [{ loc: ["body", "field"], msg, type }] });
    expect(fieldErrorsOf(error, ["field"])).toEqual({ field: shown });
  });
  test("codes speak, else the server's sentence", () => {
    expect(sentenceOf(new ApiError(0, { detail: "x", code: "network" }))).toMatch(/didn't respond/);
    expect(sentenceOf(new ApiError(409, { detail: "That name is taken.", code: "conflict" }))).toBe("That name is taken.");
    expect(sentenceOf(new ApiError(429, { detail: "x", code: "rate_limited" }, new Headers({ "retry-after": "12" })))).toBe(
      "Too many attempts. Try again in 12 s.",
    );
  });
});

describe("connection", () => {
  test("probes with growing pauses until the server answers, then falls silent", async () => {
    vi.useFakeTimers();
    let isUp = false;
    let probes = 0;
    const connection = createConnection({
      probe: async () => {
        probes += 1;
        return isUp;
      },
      isBrowserOnline: () => true,
    });
    connection.report(false);
    connection.report(false);
    expect(connection.state()).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(1_000 + 2_000);
    expect(probes).toBe(2);
    isUp = true;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(connection.state()).toBe("online");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probes).toBe(3);
    vi.useRealTimers();
  });
  test("a stream that is coming back counts until it says so", () => {
    const connection = createConnection({ probe: async () => true, isBrowserOnline: () => true });
    connection.reportStream("p1", true);
    expect(connection.state()).toBe("reconnecting");
    connection.reportStream("p1", false);
    expect(connection.state()).toBe("online");
  });
  test("offline is the browser's word", () => {
    expect(createConnection({ probe: async () => true, isBrowserOnline: () => false }).state()).toBe("offline");
  });
});
