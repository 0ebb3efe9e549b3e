import { randomBytes, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createRedactor, createValueFinder, hiddenValues } from "./redactor.ts";

const redactor = createRedactor(
  hiddenValues({
    DB: "hunter2-longer",
    SHORT: "abc",
    PASS: "hunter2",
    MODE: "production",
    SITE: "http://localhost:3000",
    HOOK: "https://hooks.example.com/services/T0/abcdef",
    ODD: 'p w/"ü"&=1',
    PEM: "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAoIBAQC7VJTUt9Us8cKj\n-----END KEY-----",
  }),
);

test("replaces each value with its name; of two with a common prefix, the longest", () => {
  expect(redactor.redact("pg://u:hunter2-longer@db hunter2, hunter2-long!")).toBe(
    "pg://u:[secret:DB]@db [secret:PASS], [secret:PASS]-long!",
  );
  expect(redactor.redact("hunter2hunter2")).toBe("[secret:PASS][secret:PASS]");
});
test("leaves short values, configuration words and plain URLs readable", () => {
  for (const text of ["abc", "NODE_ENV=production", "open http://localhost:3000/x"]) expect(redactor.redact(text)).toBe(text);
  expect(redactor.redact("POST https://hooks.example.com/services/T0/abcdef")).toBe("POST [secret:HOOK]");
});
test.each([
  ["url", encodeURIComponent('p w/"ü"&=1')],
  ["form", encodeURIComponent('p w/"ü"&=1').replaceAll("%20", "+")],
  ["lower-case url", encodeURIComponent('p w/"ü"&=1').replace(/%../g, (h) => h.toLowerCase())],
  ["json", JSON.stringify({ key: 'p w/"ü"&=1' })],
  ["base64", Buffer.from('p w/"ü"&=1').toString("base64")],
  ["base64 after one byte", Buffer.from('u:p w/"ü"&=1').toString("base64")],
  ["base64 after two bytes", Buffer.from('user:p w/"ü"&=1!').toString("base64")],
  ["base64url", Buffer.from('us:p w/"ü"&=1').toString("base64url")],
  ["hex", Buffer.from('p w/"ü"&=1').toString("hex")],
  ["upper-case hex", Buffer.from('p w/"ü"&=1').toString("hex").toUpperCase()],
])("finds the value as %s writes it", (_name, text) => {
  const shown = redactor.redact(text);
  expect(shown).toContain("[secret:ODD");
  for (const part of ["p w", "p%20w", "cCB3", "AgdyV", "2077"]) expect(shown).not.toContain(part);
});
test.each(["", "u", "us"])("finds bytes that base64 and base64url encode differently, after %j", (before) => {
  const value = "~>>>???~>>>???~";
  const own = createRedactor(hiddenValues({ BYTES: value }));
  const bytes = Buffer.from(before + value);
  expect(bytes.toString("base64")).toMatch(/[+/]/);
  for (const text of [bytes.toString("base64"), bytes.toString("base64url")]) expect(own.redact(text)).toContain("[secret:BYTES");
});
test("finds a value that was stored with surrounding whitespace", () => {
  expect(createRedactor(hiddenValues({ PASTED: "  pasted-secret\n" })).redact("key=pasted-secret;")).toBe("key=[secret:PASTED:trimmed];");
});
test("finds reversed values, and each long line of a reversed one", () => {
  expect(redactor.redact("regnol-2retnuh")).toBe("[secret:DB:reversed]");
  expect(redactor.redact([..."AoIBAQC7VJTUt9Us8cKj"].toReversed().join(""))).toMatch(/^\[secret:PEM:reversed[^\]]*\]$/);
});
test("finds the lines of a multi-line value with any line ending", () => {
  expect(redactor.redact("MIIEvQIBADANBgkqhkiG\r\n  AoIBAQC7VJTUt9Us8cKj")).toBe("[secret:PEM:line2]\r\n  [secret:PEM:line3]");
});
test("redacts nested plain data and leaves other values unchanged", () => {
  const date = new Date();
  expect(redactor.redactIn({ a: ["hunter2", 1, null], hunter2: { b: "x hunter2" }, date })).toEqual({
    a: ["[secret:PASS]", 1, null],
    hunter2: { b: "x [secret:PASS]" },
    date,
  });
});
test("an empty redactor changes nothing", () => {
  const none = createRedactor([]);
  expect(none.isEmpty).toBe(true);
  expect(none.redact("anything")).toBe("anything");
  expect(none.stream().push("x")).toBe("x");
});

describe("restore", () => {
  test("puts values back where the original had them, and only there", () => {
    const original = "A=hunter2\nB=hunter2-longer\n";
    const shown = redactor.redact(original);
    expect(shown).not.toContain("hunter");
    expect(redactor.restore(`${shown}C=new [secret:HOOK] [secret:NOPE]\n`, original)).toBe(
      `${original}C=new [secret:HOOK] [secret:NOPE]\n`,
    );
    expect(redactor.restore(shown, "")).toBe(shown);
  });
  test("two values of one name are numbered", () => {
    const two = createRedactor([...hiddenValues({ K: "value-one" }), ...hiddenValues({ K: "value-two" })]);
    expect(two.redact("value-one value-two")).toBe("[secret:K] [secret:K:2]");
    expect(two.restore("[secret:K:2] [secret:K]", "value-two value-one")).toBe("value-two value-one");
  });
});

describe("streams", () => {
  test("splitting the text into chunks does not change the result", () => {
    for (let round = 0; round < 300; round++) {
      const secrets = Array.from({ length: 5 }, () => randomBytes(randomInt(3, 40)).toString("hex").slice(0, randomInt(6, 60)));
      const one = createRedactor(secrets.map((value, i) => ({ label: `S${i}`, value })));
      let text = "";
      for (let i = 0; i < 20; i++)
        text += [secrets[randomInt(5)] ?? "", (secrets[randomInt(5)] ?? "").slice(0, 7), randomBytes(4).toString("hex")][randomInt(3)];
      const stream = one.stream();
      let out = "";
      for (let at = 0; at < text.length;) {
        const size = randomInt(1, 12);
        out += stream.push(text.slice(at, at + size));
        at += size;
      }
      out += one.redact(stream.flush());
      expect(out).toBe(one.redact(text));
    }
  });
  test("emits text at once that cannot be the start of a value", () => {
    const stream = redactor.stream();
    expect(stream.push("plain (text)")).toBe("plain (text)");
    expect(stream.push("it is hunt")).toBe("it is ");
    expect(stream.push("ing season")).toBe("hunting season");
    expect(stream.push("hunter2")).toBe("");
    expect(stream.flush()).toBe("hunter2");
  });
});

test("200 long values and ten megabytes take little CPU time", () => {
  const values = Array.from({ length: 200 }, (_, i) => ({ label: `K${i}`, value: randomBytes(24 + i * 10).toString("base64") }));
  const before = process.cpuUsage();
  const many = createRedactor(values);
  const text = `${randomBytes(4_000_000).toString("hex")}${values[7]?.value}${"log line of an ordinary program\n".repeat(60_000)}`;
  expect(many.redact(text)).toContain("[secret:K7]");
  // CPU time, because other processes may run beside it.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
});

test("a finder reports the positions of values, however the text is split", () => {
  const finder = createValueFinder(hiddenValues({ A: "hunter2", B: "hunter2-longer" }));
  const text = `x hunter2, hunter2-longer and ${Buffer.from("ab hunter2-longer c").toString("base64")} hunter2-long`;
  const expected = [
    { label: "A", at: 2 },
    { label: "B", at: 11 },
    { label: "B:base64", at: expect.any(Number) },
    { label: "A", at: text.lastIndexOf("hunter2-long") },
  ];
  for (const size of [1, 3, 7, 1000]) {
    const stream = finder.stream();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...stream.push(text.slice(at, at + size)));
    expect([...found, ...stream.end()]).toEqual(expected);
  }
  expect(createValueFinder([]).isEmpty).toBe(true);
});
