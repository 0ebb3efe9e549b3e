import { parseKeybinding } from "tinykeys";

export interface Shortcut {
  /** What it does, in the words of the help sheet and the tooltip. */
  label: string;
  /** Where it works; entries of one scope (and of `global`) never share keys. */
  scope: string;
  /** tinykeys notation: `$mod+KeyK`, `g h`, `[Shift]+?`. The first is the one shown. */
  keys: readonly string[];
  /** Works while a text field has focus; by default only chords with Ctrl, Meta or Alt do. False for what a field does itself, such as undo. */
  isForFields?: boolean;
  /** Its handler reads the key itself, or people expect it everywhere: it cannot be changed. */
  isFixed?: boolean;
}

export const isApple = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

const symbols: Record<string, string> = {
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
  enter: "↵",
  escape: "Esc",
  backspace: "⌫",
  delete: "Del",
  backquote: "`",
  backslash: "\\",
  period: ".",
  comma: ",",
  slash: "/",
  equal: "+",
  minus: "-",
};

function capOf(key: string): string {
  const bare = key.replace(/^(Key|Digit)/, "");
  return symbols[bare.toLowerCase()] ?? (bare.length === 1 ? bare.toUpperCase() : bare);
}

/** One list of key caps per press: `$mod+KeyK` is `[["⌘", "K"]]`, `g h` is `[["G"], ["H"]]`. */
export function capsOf(keys: string, onApple = isApple): string[][] {
  return keys.split(" ").map((press) =>
    press
      .split("+")
      .filter((part) => !part.startsWith("["))
      .map((part) => {
        if (part === "$mod") return onApple ? "⌘" : "Ctrl";
        if (part === "Shift") return onApple ? "⇧" : "Shift";
        if (part === "Alt") return onApple ? "⌥" : "Alt";
        if (part === "Control") return onApple ? "⌃" : "Ctrl";
        return capOf(part);
      }),
  );
}

/** The value of `aria-keyshortcuts`; sequences have none. */
export function ariaKeysOf(keys: string, onApple = isApple): string | undefined {
  if (keys.includes(" ")) return undefined;
  return keys
    .split("+")
    .filter((part) => !part.startsWith("["))
    .map((part) => (part === "$mod" ? (onApple ? "Meta" : "Control") : part.replace(/^(Key|Digit)/, "")))
    .join("+");
}

/** Keys a browser keeps for itself, or that people expect it to. `$mod` stands for either modifier. */
const reservedKeys: readonly string[] = [
  ..."TNWLDR".split("").map((letter) => `$mod+Key${letter}`),
  ..."123456789".split("").map((digit) => `$mod+Digit${digit}`),
  ..."0123456789".split("").map((digit) => `Alt+Digit${digit}`),
  "$mod+Shift+KeyP",
  "$mod+Shift+KeyT",
  "$mod+Shift+KeyN",
  "Alt+KeyD",
  "F5",
  "F11",
];

const normalised = (keys: string) =>
  parseKeybinding(keys)
    .map(
      ([required, , key]) =>
        [...required].sort().join("+") +
        ">" +
        String(key)
          .toLowerCase()
          .replace(/^(key|digit)/, ""),
    )
    .join(" ");
const reserved = new Set(reservedKeys.map(normalised));

export const isReserved = (keys: string): boolean => reserved.has(normalised(keys));
/** Two notations of the same keys compare equal here (`$mod+k`, `$mod+KeyK`). */
export const sameKeysAs = normalised;

/** Presses of at most two keys as we write them: `$mod+Shift+KeyK`, `g h`, `[Shift]+?`. */
export const isNotation = (keys: string): boolean => /^(?:(?:\$mod|Control|Alt|\[?Shift\]?)\+)*[^\s()+]+(?: [^\s()+]+)?$/.test(keys);

const modifierKeys = new Set(["Control", "Meta", "Alt", "Shift", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"]);

/** What an event says, in our notation; undefined while only modifiers are held. */
export function notationOf(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">,
  onApple = isApple,
): string | undefined {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (modifierKeys.has(key)) return undefined;
  const isChord = ctrlKey || metaKey || altKey;
  const isMod = onApple ? metaKey : ctrlKey;
  // With a modifier the place of the key counts, without one what it types.
  const isTyped = [...key].length === 1 && !isChord;
  if (isTyped && key === " ") return "Space";
  const isShiftTyped = isTyped && shiftKey && !/[a-z]/i.test(key);
  const name = isTyped ? key.toLowerCase() : [...key].length === 1 ? code : key;
  return [
    isMod ? "$mod" : "",
    onApple && ctrlKey ? "Control" : "",
    altKey ? "Alt" : "",
    isShiftTyped ? "[Shift]" : shiftKey ? "Shift" : "",
    name,
  ]
    .filter(Boolean)
    .join("+");
}
