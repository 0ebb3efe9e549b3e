import { expect, test } from "vitest";
import { previewEnv } from "./env-preview.ts";

test("shows what happens to each line, in the order of the text, without the values", () => {
  const text = "# mine\nKNOWN=1\nFRESH='a\nb'\nPATH=/bin\nnonsense\nbad-key=planted\nEMPTY=\n";
  const rows = previewEnv(text, new Set(["KNOWN"]));
  expect(rows).toEqual([
    { key: "KNOWN", line: 2, fate: "replaced" },
    { key: "FRESH", line: 3, fate: "created" },
    { key: "PATH", line: 5, fate: "refused", reason: "reserved_key" },
    { key: "nonsense", line: 6, fate: "refused", reason: "invalid_line" },
    { key: "bad-key", line: 7, fate: "refused", reason: "invalid_key" },
    { key: "EMPTY", line: 8, fate: "refused", reason: "empty_value" },
  ]);
  expect(JSON.stringify(rows)).not.toContain("planted");
});

test("refuses more than 200 secrets; replaced ones do not count", () => {
  const known = new Set(Array.from({ length: 199 }, (_, i) => `K${i}`));
  expect(previewEnv("A=x\nB=x\nK5=x", known).map((r) => [r.key, r.fate, r.reason])).toEqual([
    ["A", "created", undefined],
    ["B", "refused", "secret_limit_reached"],
    ["K5", "replaced", undefined],
  ]);
});
