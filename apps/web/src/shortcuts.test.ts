import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ariaKeysOf, capsOf, isReserved, sameKeysAs } from "./lib/shortcut-keys.ts";
import { shortcuts } from "./shortcuts.ts";

const everywhere = "Everywhere";
const source = import.meta.dirname;
const bindingFiles = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !/shortcuts(?:\.test)?\.ts$/.test(name))
  .map((name) => readFileSync(join(source, name), "utf8"))
  .filter((text) => text.includes("useShortcuts("));

describe("the shortcut registry", () => {
  test.each(Object.entries(shortcuts))("%s is bound, not reserved, and says what it does", (id, entry) => {
    expect(entry.label.length).toBeGreaterThan(3);
    expect(entry.keys.length).toBeGreaterThan(0);
    for (const keys of entry.keys) expect(isReserved(keys), keys).toBe(false);
    expect(
      bindingFiles.some((text) => text.includes(`"${id}":`)),
      `${id} is advertised and bound nowhere`,
    ).toBe(true);
  });
  test("no two entries that can meet share keys", () => {
    const entries = Object.entries(shortcuts).flatMap(([id, entry]) =>
      entry.keys.map((keys) => ({ id, scope: entry.scope, keys: sameKeysAs(keys) })),
    );
    const clashes = entries.flatMap((a, index) =>
      entries
        .slice(index + 1)
        .filter((b) => a.keys === b.keys && (a.scope === b.scope || a.scope === everywhere || b.scope === everywhere))
        .map((b) => `${a.id} and ${b.id}`),
    );
    expect(clashes).toEqual([]);
  });
});

describe("notation", () => {
  test.each(["$mod+t", "$mod+KeyT", "$mod+KeyW", "$mod+Digit3", "Alt+KeyD", "$mod+Shift+KeyP"])("%s is the browser's", (keys) =>
    expect(isReserved(keys)).toBe(true),
  );
  test.each(["$mod+KeyK", "$mod+KeyB", "g t", "?"])("%s is free", (keys) => expect(isReserved(keys)).toBe(false));
  test.each([
    ["$mod+KeyK", true, [["⌘", "K"]]],
    ["$mod+KeyK", false, [["Ctrl", "K"]]],
    ["g h", false, [["G"], ["H"]]],
    ["[Shift]+?", false, [["?"]]],
    ["$mod+Shift+Enter", false, [["Ctrl", "Shift", "↵"]]],
  ])("%s on Apple %s", (keys, onApple, caps) => expect(capsOf(keys, onApple)).toEqual(caps));
  test("aria-keyshortcuts", () => {
    expect(ariaKeysOf("$mod+KeyK", true)).toBe("Meta+K");
    expect(ariaKeysOf("$mod+KeyK", false)).toBe("Control+K");
    expect(ariaKeysOf("g h")).toBeUndefined();
  });
});
