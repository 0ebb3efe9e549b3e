/**
 * Makes the children of `target` those of `source`, which is empty afterwards. Nodes that do not change stay, and a text that grows is only
 * appended to: the selection stays, and the browser lays out what is new instead of the whole.
 */
export function updateNodes(target: Node, source: Node): void {
  let shown = target.firstChild;
  for (let next = source.firstChild; next; next = source.firstChild) {
    const following: ChildNode | null = shown?.nextSibling ?? null;
    if (!shown) target.appendChild(next);
    else if (becomes(shown, next)) next.remove();
    else target.replaceChild(next, shown);
    shown = following;
  }
  while (shown) {
    const following: ChildNode | null = shown.nextSibling;
    shown.remove();
    shown = following;
  }
}

/** Changes `shown` to what `next` is. False if that takes another node. */
function becomes(shown: ChildNode, next: ChildNode): boolean {
  if (shown instanceof Text && next instanceof Text) {
    if (!next.data.startsWith(shown.data)) shown.data = next.data;
    else if (next.data !== shown.data) shown.appendData(next.data.slice(shown.data.length));
    return true;
  }
  if (!(shown instanceof Element && next instanceof Element) || shown.nodeName !== next.nodeName || !hasSameAttributes(shown, next))
    return false;
  updateNodes(shown, next);
  return true;
}

const hasSameAttributes = (a: Element, b: Element): boolean =>
  a.attributes.length === b.attributes.length && [...a.attributes].every(({ name, value }) => b.getAttribute(name) === value);
