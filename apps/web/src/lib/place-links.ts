import type { ILink, ILinkProvider, Terminal } from "@xterm/xterm";

// A path with an extension, then line and maybe column: `src/App.tsx:12:5`, `./main.go:3`, `/app/server.js:10`, `src/a.ts(12,5)`.
const placeRule = /(?:\.{1,2}\/|\/)?[\w@.-]+(?:\/[\w@.[\]-]+)*\.[A-Za-z]\w{0,7}(?::(\d+)(?::(\d+))?|\((\d+),(\d+)\))/g;

export interface FoundPlace {
  /** As `openFile` takes it. */
  place: string;
  /** Where it stands in the text. */
  from: number;
  to: number;
}

/** The places in files that a line of output names, when `isFile` knows the path. `base` is the shell's folder within the tree. */
export function placesIn(text: string, base: string, isFile: (path: string) => boolean): FoundPlace[] {
  const found: FoundPlace[] = [];
  for (const match of text.matchAll(placeRule)) {
    const [whole, line = match[3], column = match[4]] = match;
    const path = whole.replace(/(?::\d+){1,2}$|\(\d+,\d+\)$/, "");
    const plain = path.replace(/^\/app\//, "").replace(/^\.\//, "");
    if (plain.startsWith("/") || plain.startsWith("..")) continue;
    const known = [base === "." ? plain : `${base}/${plain}`, plain].find(isFile);
    if (known) found.push({ place: [known, line, column].filter(Boolean).join(":"), from: match.index, to: match.index + whole.length });
  }
  return found;
}

/** Makes those places in a terminal's lines clickable. */
export const placeLinks = (
  terminal: Terminal,
  { base, isFile, open }: { base: () => string; isFile: (path: string) => boolean; open: (place: string) => void },
): ILinkProvider => ({
  provideLinks: (y, answer) => {
    const line = terminal.buffer.active.getLine(y - 1)?.translateToString(true) ?? "";
    const links = placesIn(line, base(), isFile).map(({ place, from, to }): ILink => ({
      text: place,
      range: { start: { x: from + 1, y }, end: { x: to, y } },
      activate: () => open(place),
    }));
    answer(links.length > 0 ? links : undefined);
  },
});
