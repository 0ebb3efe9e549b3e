import { Marked } from "marked";

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => text.replace(/[&<>"']/g, (char) => escapes[char] ?? char);

/** What an agent wrote, as HTML that fetches nothing; cleaned once more by DOMPurify before it is shown. */
export const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // Nothing is fetched because a model wrote an address; the reader may follow it.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    // Raw HTML of a model is text.
    html: ({ text }) => escape(text),
    checkbox: ({ checked }) => `<input type="checkbox"${checked ? " checked" : ""} disabled> `,
  },
});

/** All that may be in it. */
export const allowedTags = [
  "p",
  "br",
  "a",
  "strong",
  "em",
  "del",
  "code",
  "pre",
  "ul",
  "ol",
  "li",
  // Of task lists only: the renderer escapes all others.
  "input",
  "blockquote",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
];
export const allowedAddress = /^(?:https?:|mailto:)/i;
