/** What the names of attributes, properties, functions and variables say about the strings they carry, and what prose looks like. */

/** `never`: no text whatever it looks like. `code`: a text only if it is plainly a sentence. `text`: a text even if it is one lowercase word. */
export type Verdict = "text" | "code" | "never";

const pattern = (...words: string[]): RegExp => new RegExp(`^(?:${words.join("|")})$`);

/** Attributes and properties whose value is shown or read out. */
const textNames = pattern(
  "aria-label|ariaLabel|containerAriaLabel|aria-valuetext|aria-description|aria-roledescription|aria-placeholder",
  "title|label|.+Label|hint|.+Hint|alt|placeholder|description|heading|caption|tooltip|legend|subject|summary|subtitle",
  "sentences?|words?|.*Words?|texts?|messages?|notes?|notice|reason|why|says|question|problem|explanation|details?",
  "noun|verb|unit|heads?|empty|searchIn|error|failure|failed|refusal|blockedBy|shown",
);
const neverNames = pattern(
  "class|className|.+Class|.+ClassName|style|d|data-.+|key|keys|queryKey|rel|selector|aliases|ALLOWED_.+",
  "aria-keyshortcuts|aria-controls|aria-labelledby|aria-describedby|aria-activedescendant",
);
const codeNames = pattern(
  "id|.+Id|kind|type|variant|tone|size|role|to|href|path|value|name|content|icon|method|mode|status|state|scope|shape|shortcut|dot|bead|line|color|ink|fore|back",
  "target|sandbox|allow|accept|transform|[a-z]*(?:Color|Family|Style|Radius)",
  "autoComplete|inputMode|autoCapitalize|fill|align|side|position|width|height|slug|url|command|code|prefix|letter|logs|sort|border|padding|content-type|model|provider|source",
);

/** Properties that search looks through and that nobody sees. */
export const keywords = pattern("words|keywords");

export function names(name: string): Verdict | undefined {
  if (neverNames.test(name)) return "never";
  if (textNames.test(name.replace(/(?<=[a-z])Of$/, ""))) return "text";
  if (codeNames.test(name)) return "code";
  return undefined;
}

const textCalls = pattern("toast|counted|countOf|setFailure|setError|setProblem|setHint|setNote|setSaid|usePageTitle|orNotice");
const neverCalls = pattern(
  "cx|querySelector|querySelectorAll|closest|matches|addEventListener|removeEventListener|getElementById|createElement|setAttribute|getAttribute|removeAttribute|hasAttribute",
  "startsWith|endsWith|includes|has|matchMedia|getPropertyValue|setProperty|removeProperty|getRouteApi|lazyPage|hasCode|fieldErrorsOf|toLocaleString|toLocaleDateString|toLocaleTimeString|parse|fetch|open|supports",
);
export function calls(name: string): Verdict | undefined {
  if (neverCalls.test(name)) return "never";
  if (textCalls.test(name)) return "text";
  return undefined;
}

/** Functions that put a number before a noun, which is their second argument. */
export const plurals = new Set(["counted", "countOf"]);

/** Calls that hand on what they are given. */
export const transparentCalls = new Set([
  "useMemo",
  "useState",
  "freeze",
  "Map",
  "fromEntries",
  "filter",
  "map",
  "flatMap",
  "join",
  "concat",
  "String",
]);

export const inlineTags = new Set(
  "a abbr b bdi br button cite code del em i ins kbd mark q s samp small span strong sub sup time u var wbr".split(" "),
);
export const inlineComponents = /Link$|^Kbds?$/;
/** Elements whose content is not read as language. */
export const blockCode = new Set(["code", "pre", "samp", "kbd", "Kbd", "style", "script"]);

/** Identifiers, constants, addresses, paths, storage keys, CSS variables and selectors. */
const code =
  /^[a-z]+[A-Z]\w*$|^[a-z$_][\w$-]*(?:[._][\w-]+)+$|^[A-Z]+(?:_[A-Z]+)+$|^--|^\w+:\/\/\S*$|^[./#]\S+$|var\(--|^\S*[\w}]:[\w{]\S*$|\[[\w-]+=/;

/** Language, or at least no code. */
export function isWritten(words: string): boolean {
  const text = words.trim();
  return !code.test(text) && !isClassList(text);
}

const bareClasses = new Set(
  "absolute block border capitalize container contents fixed flex flow-root grid group hidden inline invisible isolate italic lowercase peer relative rounded shadow static sticky truncate underline uppercase visible".split(
    " ",
  ),
);
const isClassList = (text: string): boolean => {
  const tokens = text.replaceAll("{}", "x").split(/\s+/);
  const isClass = (token: string) => bareClasses.has(token) || /^-?!?[a-z@*[][\w@*[\]&>.:/()%#,='-]*[-[:][\w[\]().%#!/'-]+$/.test(token);
  return tokens.every(isClass) && (tokens.length > 1 || text.includes("-"));
};

/** Two words, or one that starts like a sentence. `isStrict` wants what can only be a sentence or a title. */
export function isProse(words: string, isStrict: boolean): boolean {
  const text = words.trim();
  if (!isWritten(text)) return false;
  if (/^[.#[]|\d(?:px|em|rem|ms|%)(?:\s|$)|=>|[a-z]\(|^\w+=\S|^[MmLl]\d/.test(text)) return false;
  const plainWords = text.match(/(?<![\w./$@-])(?:\p{L}[\p{L}’'-]+|[aA])(?=$|[\s.,:;?!…|}”)])/gu) ?? [];
  if (/^[“(]?\p{Lu}\p{Ll}*[\p{Ll}’'-]*[.:?!…]?(?:\s|$)/u.test(text)) return plainWords.some(({ length }) => length > 1);
  // "{count} ahead"
  if (!isStrict && /\{\}\s\p{L}|\p{L}\s\{\}/u.test(text) && plainWords.length > 0) return true;
  return plainWords.length > (isStrict ? 2 : 1);
}
