import { expect, test } from "vitest";
import { formatCommand, wordsOf } from "./command-line.ts";

test.each<[string, string[] | undefined]>([
  ["npx -y @scope/server .", ["npx", "-y", "@scope/server", "."]],
  [`  node 'my server.mjs'  "a \\"b\\" c" `, ["node", "my server.mjs", 'a "b" c']],
  ["a\\ b ''", ["a b", ""]],
  ["echo $HOME; ls", ["echo", "$HOME;", "ls"]],
  ["", []],
  ["node 'open", undefined],
])("%s", (line, words) => {
  expect(wordsOf(line)).toEqual(words);
  if (words) expect(wordsOf(formatCommand(words))).toEqual(words);
});
