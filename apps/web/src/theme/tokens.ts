/** Token name without the leading dashes → CSS value. */
export type Tokens = Record<string, string>;

function blockOf(css: string, head: string): string {
  const at = css.indexOf(head);
  return at < 0 ? "" : css.slice(at, css.indexOf("\n}", at));
}

function readBlock(block: string): Tokens {
  const bare = block.replace(/\/\*[\s\S]*?\*\//g, "");
  return Object.fromEntries([...bare.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((match) => [match[1] ?? "", (match[2] ?? "").trim()]));
}

/** Reads tokens.css: the light values, and the dark ones on top of them. */
export function parseTokens(css: string): { light: Tokens; dark: Tokens } {
  const light = readBlock(blockOf(css, ":root {"));
  return { light, dark: { ...light, ...readBlock(blockOf(css, '[data-theme="dark"] {')) } };
}
