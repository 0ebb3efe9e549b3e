import { expect, test } from "vitest";
import { updateNodes } from "./update-nodes.ts";

function parsed(html: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
function box(html: string): HTMLElement {
  const element = document.createElement("div");
  updateNodes(element, parsed(html));
  return element;
}

test.each([
  ["a growing text", "<p>Slots</p>", "<p>Slots work</p>"],
  ["another text", "<p>Slots</p>", "<p>Places work</p>"],
  ["a part that becomes bold", "<p>at **18</p>", "<p>at <strong>18</strong></p>"],
  ["a new element at the end", "<ul><li>a</li></ul>", "<ul><li>a</li><li>b</li></ul>"],
  ["fewer elements", "<ul><li>a</li><li>b</li></ul>tail", "<ul><li>a</li></ul>"],
  ["another attribute", '<a href="https://a.example">a</a>', '<a href="https://b.example">a</a>'],
  ["one more attribute", "<ol><li>a</li></ol>", '<ol start="2"><li>a</li></ol>'],
  ["another element", "<p>a</p>", "<blockquote><p>a</p></blockquote>"],
  ["nothing", "<p>a</p>", ""],
  ["all from nothing", "", "<p>a <em>b</em></p><hr>"],
])("%s gives what was to be shown, and leaves the source empty", (_, before, after) => {
  const target = box(before);
  const source = parsed(after);
  updateNodes(target, source);
  expect(target.innerHTML).toBe(after);
  expect(source.childNodes).toHaveLength(0);
});

test("what does not change stays the same node, and a growing text keeps its selection", () => {
  const target = box("<p>A <em>day</em> closes</p>");
  document.body.append(target);
  const [paragraph, emphasis, text] = [target.firstChild, target.querySelector("em"), target.querySelector("p")?.lastChild];
  if (!text) throw new Error("the paragraph has no text");
  getSelection()?.setBaseAndExtent(text, 1, text, 7);
  updateNodes(target, parsed("<p>A <em>day</em> closes at noon</p>"));
  expect([target.firstChild, target.querySelector("em"), target.querySelector("p")?.lastChild]).toEqual([paragraph, emphasis, text]);
  expect(target.querySelector("p")?.lastChild).toBe(text);
  expect(getSelection()?.toString()).toBe("closes");
  target.remove();
});

test("a text that does not change is not written", () => {
  const target = box("<ul><li>one</li><li>two</li></ul>");
  const writes: MutationRecord[] = [];
  const observer = new MutationObserver((records) => writes.push(...records));
  observer.observe(target, { subtree: true, childList: true, characterData: true, attributes: true });
  updateNodes(target, parsed("<ul><li>one</li><li>two, three</li></ul>"));
  writes.push(...observer.takeRecords());
  observer.disconnect();
  expect(writes.map(({ type, target: node }) => [type, node.nodeValue])).toEqual([["characterData", "two, three"]]);
});
