import { expect, test } from "vitest";
import { parseHunks, selectedHunks, splitHunk } from "./hunks.ts";
import { splitLines, textWithout } from "./merge.ts";

const split = (patch: string) => parseHunks("a.txt", patch).flatMap((hunk) => splitHunk("a.txt", hunk));

test("edits near each other are separate hunks, and the lines between them are divided", () => {
  const patch = "@@ -1,9 +1,9 @@ head\n one\n-two\n+TWO\n three\n four\n five\n-six\n+SIX\n+more\n seven\n-eight\n nine\n";
  const [whole] = parseHunks("a.txt", patch);
  const parts = split(patch);
  expect(
    parts.map(({ old_start, old_lines, new_start, new_lines, lines }) => [old_start, old_lines, new_start, new_lines, lines.join("|")]),
  ).toEqual([
    [1, 4, 1, 4, " one|-two|+TWO| three| four"],
    [5, 3, 5, 4, " five|-six|+SIX|+more| seven"],
    [8, 2, 9, 1, "-eight| nine"],
  ]);
  expect(parts.every(({ whole_id, cores }) => whole_id === whole?.id && cores.length === 1)).toBe(true);
  expect(new Set(parts.map(({ id }) => id)).size).toBe(3);
  // Rejections from before a hunk was split name all of its parts.
  expect(selectedHunks(parts, [whole?.id ?? ""]).size).toBe(3);

  const before = splitLines("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
  const after = splitLines("one\nTWO\nthree\nfour\nfive\nSIX\nmore\nseven\nnine\n");
  const without = (index: number) => textWithout({ before, after }, parts, new Set([parts[index]?.id ?? ""])).join("");
  expect(without(0)).toBe("one\ntwo\nthree\nfour\nfive\nSIX\nmore\nseven\nnine\n");
  expect(without(1)).toBe("one\nTWO\nthree\nfour\nfive\nsix\nseven\nnine\n");
  expect(without(2)).toBe("one\nTWO\nthree\nfour\nfive\nSIX\nmore\nseven\neight\nnine\n");
});

test("a hunk with one edit stays as it is", () => {
  const patch = "@@ -1,3 +1,2 @@\n one\n-two\n three\n\\ No newline at end of file\n";
  expect(split(patch)).toEqual(parseHunks("a.txt", patch));
});

test("a large block of added lines is split at blank lines, and each part is rejected alone", () => {
  const functionOf = (name: string) => [`function ${name}() {`, ...Array.from({ length: 10 }, (_, i) => `  ${name}(${i});`), "}", ""];
  const added = [...functionOf("a"), ...functionOf("b"), ...functionOf("c")];
  const patch = `@@ -1,2 +1,${added.length + 2} @@\n one\n${added.map((line) => `+${line}`).join("\n")}\n two\n`;
  const parts = split(patch);
  expect(parts.map(({ old_start, new_start, new_lines }) => [old_start, new_start, new_lines])).toEqual([
    [1, 1, 14],
    [1, 15, 13],
    [2, 28, 14],
  ]);
  const before = splitLines("one\ntwo\n");
  const after = splitLines(["one", ...added, "two", ""].join("\n"));
  const [, second] = parts;
  expect(textWithout({ before, after }, parts, new Set([second?.id ?? ""])).join("")).toBe(
    ["one", ...functionOf("a"), ...functionOf("c"), "two", ""].join("\n"),
  );
});
