import { afterEach, describe, expect, test } from "vitest";
import { setShortcutOverrides, shortcutConflicts, shortcutKeys, withShortcut } from "./shortcut-bindings.ts";
import { isNotation, notationOf } from "./shortcut-keys.ts";

afterEach(() => setShortcutOverrides({}));

describe("overrides", () => {
  test("replace the defaults; an empty list is no shortcut; what is unknown is left out", () => {
    setShortcutOverrides({ "go.home": ["g x"], "chat.fold": [], "no.such": ["a"], "go.new": ["(.*)"] });
    expect(shortcutKeys("go.home")).toEqual(["g x"]);
    expect(shortcutKeys("chat.fold")).toEqual([]);
    expect(shortcutKeys("go.new")).toEqual(["g n"]);
  });
  test("take keys away from others at the same place, also those that begin with them", () => {
    expect(shortcutConflicts("projects.search", "g")).toEqual(expect.arrayContaining(["go.home", "theme.toggle"]));
    expect(withShortcut({}, "go.projects", ["g h"])).toEqual({ "go.projects": ["g h"], "go.home": [] });
    expect(withShortcut({}, "workbench.notes", ["g g"])).toEqual({ "workbench.notes": ["g g"], "workbench.git": ["$mod+Shift+KeyG"] });
  });
  test("of other places stay: they never meet", () => {
    expect(shortcutConflicts("projects.search", "y")).toEqual([]);
    expect(withShortcut({}, "tree.move", ["j"])).toEqual({ "tree.move": ["j"] });
  });
  test("that are the default again are none", () => {
    const changed = withShortcut({}, "go.projects", ["g h"]);
    expect(withShortcut(withShortcut(changed, "go.projects"), "go.home")).toEqual({});
  });
});

describe("recorded keys", () => {
  const event = (key: string, code: string, held: Partial<KeyboardEvent> = {}) => ({
    key,
    code,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...held,
  });
  test.each([
    [event("k", "KeyK", { ctrlKey: true }), false, "$mod+KeyK"],
    [event("k", "KeyK", { metaKey: true }), true, "$mod+KeyK"],
    [event("k", "KeyK", { ctrlKey: true }), true, "Control+KeyK"],
    [event("K", "KeyK", { ctrlKey: true, shiftKey: true }), false, "$mod+Shift+KeyK"],
    [event("g", "KeyG"), false, "g"],
    [event("G", "KeyG", { shiftKey: true }), false, "Shift+g"],
    [event("?", "Slash", { shiftKey: true }), false, "[Shift]+?"],
    [event("F6", "F6", { shiftKey: true }), false, "Shift+F6"],
    [event("ArrowUp", "ArrowUp", { altKey: true }), false, "Alt+ArrowUp"],
    [event("Control", "ControlLeft", { ctrlKey: true }), false, undefined],
    [event(" ", "Space"), false, "Space"],
  ])("%o", (given, onApple, keys) => expect(notationOf(given, onApple)).toBe(keys));
  test.each(["$mod+KeyK", "g h", "[Shift]+?", "Shift+F6", "]"])("%s is notation", (keys) => expect(isNotation(keys)).toBe(true));
  test.each(["", "a b c", "(.*)", "+", "Ctrl K+"])("%s is none", (keys) => expect(isNotation(keys)).toBe(false));
});
