/*
 * Runs inside previews when a person selects an element to change it, or to show it to the agent: loaded by bridge.js on demand, served, never
 * written into a project. The element under the pointer is outlined; a click, a tap or Enter reports it, Escape ends it. Arrow keys walk the tree.
 */
(() => {
  "use strict";
  if (window.__tesslatePicker) return;
  const maxNodes = 400;
  const maxImagePixels = 1200 * 1200;
  const styleNames = [
    "display",
    "position",
    "width",
    "height",
    "margin",
    "padding",
    "color",
    "background-color",
    "background-image",
    "border",
    "border-radius",
    "box-shadow",
    "font-family",
    "font-size",
    "font-weight",
    "line-height",
    "letter-spacing",
    "text-align",
    "opacity",
    "flex-direction",
    "align-items",
    "justify-content",
    "gap",
    "grid-template-columns",
    "z-index",
  ];
  const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

  // --- what it is ---
  const isOnly = (selector) => {
    try {
      return document.querySelectorAll(selector).length === 1;
    } catch {
      return false;
    }
  };
  /** As short as it can be while it names only this one. */
  function selectorOf(element) {
    const parts = [];
    for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
      if (at.id) {
        const byId = `#${CSS.escape(at.id)}`;
        if (isOnly(byId)) return [byId, ...parts].join(" > ");
      }
      const tag = at.localName;
      const twins = at.parentElement ? [...at.parentElement.children].filter((one) => one.localName === tag) : [];
      parts.unshift(twins.length > 1 ? `${CSS.escape(tag)}:nth-of-type(${twins.indexOf(at) + 1})` : CSS.escape(tag));
      const selector = parts.join(" > ");
      if (isOnly(selector)) return selector;
    }
    return parts.join(" > ");
  }
  function stylesOf(element) {
    const computed = getComputedStyle(element);
    const initial = new Set(["", "none", "normal", "auto", "0px", "rgba(0, 0, 0, 0)", "static"]);
    const entries = styleNames.map((name) => [name, cut(computed.getPropertyValue(name), 200)]);
    return Object.fromEntries(entries.filter(([, value]) => !initial.has(value)));
  }

  // --- its place in the source ---
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  /** The original position of a line and column (both from 1) by a source map, version 3. */
  function originalOf(map, line, column) {
    if (map.sections) {
      const isBefore = ({ offset }) => offset.line < line - 1 || (offset.line === line - 1 && offset.column < column);
      const section = map.sections.filter(isBefore).at(-1);
      if (!section) return undefined;
      const { offset } = section;
      return originalOf(section.map, line - offset.line, offset.line === line - 1 ? column - offset.column : column);
    }
    let [source, sourceLine, sourceColumn] = [0, 0, 0];
    let found;
    const lines = String(map.mappings).split(";");
    for (let at = 0; at < lines.length && at < line; at++) {
      let generated = 0;
      for (const segment of lines[at].split(",")) {
        const numbers = [];
        let value = 0;
        let shift = 0;
        for (const letter of segment) {
          const digit = alphabet.indexOf(letter);
          value |= (digit & 31) << shift;
          shift += 5;
          if (digit & 32) continue;
          numbers.push(value & 1 ? -(value >> 1) : value >> 1);
          value = shift = 0;
        }
        generated += numbers[0] || 0;
        if (numbers.length < 4) continue;
        source += numbers[1];
        sourceLine += numbers[2];
        sourceColumn += numbers[3];
        if (at === line - 1 && (generated < column || !found))
          found = {
            source: map.sources[source],
            content: map.sourcesContent && map.sourcesContent[source],
            line: sourceLine + 1,
            column: sourceColumn + 1,
          };
      }
    }
    return found;
  }
  async function mapOf(address, text) {
    const given = /\/\/[#@] sourceMappingURL=(\S+)\s*$/.exec(text);
    if (!given) return undefined;
    const response = await fetch(new URL(given[1], address).href);
    return response.ok ? response.json() : undefined;
  }
  /** The app's folder in the project; empty if that is the project's own. */
  let folder = "";
  /** Where programs find the project's files: in a sandbox, in a container, or without isolation in the server's data folder. */
  const projectRoot = /^(?:app|work|workspace|(?:.+?\/)?sandboxes\/[^/]+\/files)\/(?=.)/;
  /** Addresses are encoded ("app/%40modal/page.tsx"), paths are not. */
  function decoded(path) {
    try {
      return /^file:\/\//i.test(path) ? decodeURIComponent(path.replace(/[?#].*$/, "")) : path;
    } catch {
      return path;
    }
  }
  /**
   * A file of the app, by its path in the app's folder; undefined for what came with a package, or is elsewhere in the project. `isRelative`: the
   * path begins at the app's folder, which may have a folder `app`; otherwise it may be absolute.
   */
  function projectFile(path, isRelative = false) {
    const given = decoded(String(path))
      .replace(/^[a-z-]+:\/\/[^/]*\//i, "")
      .replace(/[?#].*$/, "")
      .replace(/^(?:\.?\/)+/, "");
    const inProject = isRelative ? given : given.replace(projectRoot, "");
    const isInFolder = folder === "" || inProject === given || inProject.startsWith(`${folder}/`);
    const clean = folder !== "" && inProject !== given ? inProject.slice(folder.length + 1) : inProject;
    if (!isInFolder || /(?:^|\/)(?:node_modules|@vite|@react-refresh|\.next)\//.test(clean) || !/\.\w+$/.test(clean)) return undefined;
    return cut(clean, 300);
  }
  /** Of a file's text; the server computes the same (`textHash` of the contract). */
  function hashOf(text) {
    let hash = 0x811c9dc5;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    return `${(hash >>> 0).toString(16)}-${text.length.toString(16)}`;
  }
  const fiberOf = (element) => {
    const key = Object.keys(element).find((name) => name.startsWith("__reactFiber$"));
    return key ? element[key] : undefined;
  };
  /** An element exists twice while React renders: both are the same one. */
  const isSame = (a, b) => a === b || Boolean(a && b && a.alternate === b);
  const ownerOf = (fiber) => fiber._debugOwner || fiber.owner;

  const isRuntime = (line) => /^\s*(?:at )?(?:[\w$.]*\.)?(?:jsxDEV|jsxs?|createElement|cloneElement|fakeJSXCallSite)\b/.test(line);

  /**
   * The stack frame that created an element: React keeps the stack with each element, while developing. Undefined if a package created it.
   * React's own functions come before that frame.
   */
  function frameOf(fiber) {
    const stack = fiber._debugStack || fiber.debugStack;
    for (const line of String((stack && stack.stack) || stack || "").split("\n")) {
      if (/react[-_]stack[-_]bottom[-_]frame/.test(line)) return undefined;
      if (isRuntime(line)) continue;
      const match = /\(?((?:https?|file|webpack-internal|about):\/\/\S+?):(\d+):(\d+)\)?$/.exec(line.trim());
      if (!match || match[1] === "about://") continue;
      const [, address] = match;
      const isServer = address.startsWith("about://React/Server/");
      if (!isServer && !address.startsWith(location.origin)) return undefined;
      if (/node_modules|\/\.vite\//.test(address) || (!isServer && /\/@/.test(new URL(address).pathname))) return undefined;
      return { address, line: Number(match[2]), column: Number(match[3]), isServer };
    }
    return undefined;
  }
  /** Whether the element is known to be created by a package. */
  function isOfPackage(fiber) {
    if (fiber._debugSource) return /node_modules/.test(fiber._debugSource.fileName);
    const stack = fiber._debugStack || fiber.debugStack;
    const lines = String((stack && stack.stack) || stack || "").split("\n");
    const creator = lines.find((line) => line.includes("://") && !isRuntime(line));
    return creator !== undefined && /node_modules|\/\.vite\//.test(creator);
  }
  const keyOf = (frame) => `${frame.address.replace(/\?\d+$/, "")}:${frame.line}:${frame.column}`;

  /** Next.js has its own way to ask where a frame of a component that ran on its server comes from. */
  async function placeInNext({ address, line, column }) {
    const response = await fetch("/__nextjs_original-stack-frames", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        frames: [{ file: address, methodName: "", arguments: [], line1: line, column1: column }],
        isServer: true,
        isEdgeServer: false,
        isAppDirectory: true,
      }),
    });
    const [answer] = response.ok ? await response.json() : [];
    const frame = answer && answer.value && answer.value.originalStackFrame;
    const file = frame && frame.file ? projectFile(frame.file, true) : undefined;
    return file && frame.line1 ? { file, line: frame.line1, column: frame.column1 || 1 } : undefined;
  }
  async function placeByMap({ address, line, column }) {
    const response = await fetch(address);
    const text = response.ok ? await response.text() : "";
    const map = text ? await mapOf(address, text) : undefined;
    const original = map ? originalOf(map, line, column) : undefined;
    // A map of one module names it by its last part only.
    const isWhole = original && original.source && /\//.test(original.source.replace(/^\.\//, ""));
    const file = isWhole ? projectFile(original.source) : projectFile(new URL(address).href.replace(/^https?:\/\/[^/]*/, "file://"), true);
    if (!file) return undefined;
    if (!original) return { file, line, column };
    const { content } = original;
    return { file, line: original.line, column: original.column, ...(typeof content === "string" && { hash: hashOf(content) }) };
  }
  /** Of one selection: a hot update keeps the stack of an element and changes the source at its place. */
  let places = new Map();
  /** Where in the source an element was created; undefined if that is not known. */
  async function placeOf(fiber) {
    const noted = fiber._debugSource;
    if (noted) {
      const file = projectFile(noted.fileName);
      return file ? { file, line: noted.lineNumber, column: noted.columnNumber || 1 } : undefined;
    }
    const frame = frameOf(fiber);
    if (!frame) return undefined;
    const key = keyOf(frame);
    if (!places.has(key)) {
      places.set(
        key,
        (frame.isServer ? placeInNext(frame) : placeByMap(frame)).catch(() => undefined),
      );
    }
    return places.get(key);
  }
  /** The repeated elements around an element that the same component created, from the inside, and which of their siblings each is. */
  async function itemsOf(fiber, file) {
    const items = [];
    const owner = ownerOf(fiber);
    for (let at = fiber; at && at.return && !isSame(at, owner) && items.length < 8; at = at.return) {
      const frame = isSame(ownerOf(at), owner) ? frameOf(at) : undefined;
      if (!frame && !at._debugSource) continue;
      const twins = [];
      for (let one = at.return.child; one; one = one.sibling) {
        const theirs = frameOf(one);
        const isTwin = frame
          ? theirs && keyOf(theirs) === keyOf(frame)
          : one._debugSource && JSON.stringify(one._debugSource) === JSON.stringify(at._debugSource);
        if (isTwin) twins.push(one);
      }
      const index = twins.findIndex((one) => isSame(one, at));
      if (index < 0 || (twins.length === 1 && at.key === null)) continue;
      const place = await placeOf(at);
      if (place && place.file === file) items.push({ line: place.line, column: place.column, index, count: twins.length });
    }
    return items;
  }
  /** Whether another element that the component rendered has the same text: then its call site does not say which of them the text is for. */
  function isRepeatedIn(component, element) {
    const texts = new Set(textsOf(element).map(({ data }) => data.trim()));
    const rest = [component.child];
    for (let steps = 0; rest.length > 0; steps++) {
      if (steps > 2000) return true;
      const fiber = rest.pop();
      if (!fiber) continue;
      const node = fiber.stateNode;
      if (node instanceof Element && node !== element && textsOf(node).some(({ data }) => texts.has(data.trim()))) return true;
      rest.push(fiber.child, fiber.sibling);
    }
    return false;
  }
  /**
   * Where the element was created, then where the component around it was. For an element that a package created, its component counts
   * instead. Empty if that is not known.
   */
  async function originsOf(element) {
    const origins = [];
    let isComponent = false;
    let at = fiberOf(element);
    for (let step = 0; at && step < 20 && origins.length < 2; step++) {
      const place = await placeOf(at);
      if (place) {
        // What an owner rendered can be on its other copy.
        const rendered = at.child ? at : at.alternate;
        if (isComponent && origins.length === 0 && (!rendered || isRepeatedIn(rendered, element))) break;
        origins.push({ ...place, items: await itemsOf(at, place.file) });
      } else if (origins.length > 0 || !isOfPackage(at)) break;
      else isComponent = true;
      at = ownerOf(at);
    }
    return { origins, isComponent };
  }
  /** For pages without components: the way from the root to the element, with the siblings at each step. */
  function trailOf(element) {
    const trail = [];
    for (let at = element; at.parentElement; at = at.parentElement) {
      if (fiberOf(at) || trail.length === 60) return undefined;
      const siblings = [...at.parentElement.children];
      if (siblings.length > 500) return undefined;
      trail.unshift({ index: siblings.indexOf(at), tags: siblings.map((one) => cut(one.localName, 64)) });
    }
    return trail;
  }
  const textsOf = (element) => [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && /[^ \t\r\n\f]/.test(node.data));
  const attributeNames = ["alt", "aria-label", "href", "placeholder", "src", "title"];
  /** What is needed to change the element in the source. */
  async function editOf(element) {
    const { origins, isComponent } = await originsOf(element);
    const trail = origins.length === 0 ? trailOf(element) : undefined;
    return {
      class_name: element.getAttribute("class") || "",
      texts: textsOf(element).map(({ data }) => data),
      attributes: Object.fromEntries(
        attributeNames.filter((name) => element.hasAttribute(name)).map((name) => [name, element.getAttribute(name)]),
      ),
      origins,
      is_component: isComponent,
      ...(trail && { document: { path: location.pathname, trail } }),
    };
  }

  async function sourceOf(element) {
    for (let at = element; at; at = at.parentElement) {
      const fiber = fiberOf(at);
      const found = fiber ? await placeOf(fiber) : undefined;
      if (found) return found;
      const svelte = at.__svelte_meta && at.__svelte_meta.loc;
      if (svelte && projectFile(svelte.file)) return { file: projectFile(svelte.file), line: svelte.line, column: svelte.column || 1 };
      const vue = at.__vueParentComponent && at.__vueParentComponent.type && at.__vueParentComponent.type.__file;
      if (vue && projectFile(vue)) return { file: projectFile(vue), line: 1, column: 1 };
    }
    return undefined;
  }

  // --- what it looks like ---
  const asDataUrl = (blob) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  /** A copy that carries its looks along: nothing is fetched when it is drawn. */
  async function copyOf(element, budget) {
    budget.nodes -= 1;
    if (budget.nodes < 0 || /^(?:script|style|link|iframe|object|embed|video|audio)$/.test(element.localName)) return undefined;
    const copy = element.cloneNode(false);
    for (const name of copy.getAttributeNames()) if (/^on/i.test(name)) copy.removeAttribute(name);
    const computed = getComputedStyle(element);
    copy.setAttribute(
      "style",
      [...computed]
        .filter((name) => !/^(?:animation|transition|-webkit-locale)/.test(name))
        .map((name) => [name, computed.getPropertyValue(name)])
        .filter(([, value]) => !/url\((?!["']?data:)/.test(value))
        .map(([name, value]) => `${name}:${value}`)
        .join(";"),
    );
    if (element instanceof HTMLImageElement) {
      copy.removeAttribute("srcset");
      const isOwn = element.currentSrc.startsWith(location.origin);
      const blob = isOwn
        ? await fetch(element.currentSrc).then(
            (answer) => answer.blob(),
            () => undefined,
          )
        : undefined;
      if (blob && blob.size < 2e6) copy.setAttribute("src", await asDataUrl(blob));
      else copy.removeAttribute("src");
    }
    if (element instanceof HTMLInputElement && element.type !== "password") copy.setAttribute("value", element.value);
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) copy.append(child.cloneNode());
      else if (child.nodeType === Node.ELEMENT_NODE) {
        const inner = await copyOf(child, budget);
        if (inner) copy.append(inner);
      }
    }
    return copy;
  }
  /** A PNG of the element alone; undefined where the browser draws no such picture. */
  async function imageOf(element) {
    const { width, height } = element.getBoundingClientRect();
    if (width < 1 || height < 1) return undefined;
    const copy = await copyOf(element, { nodes: maxNodes });
    if (!copy) return undefined;
    copy.style.margin = "0";
    const ground = document.createElement("div");
    let behind = element;
    while (behind && /^(?:rgba\(0, 0, 0, 0\)|transparent)$/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    ground.style.background = behind ? getComputedStyle(behind).backgroundColor : "Canvas";
    ground.append(copy);
    ground.setAttribute("xmlns", "http://www.w3.org/1999/xhtml");
    const markup = new XMLSerializer().serializeToString(ground);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject width="100%" height="100%">${markup}</foreignObject></svg>`;
    const picture = new Image();
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await picture.decode();
    const scale = Math.min(1, Math.sqrt(maxImagePixels / (width * height)));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  }
  const within = (work, ms) =>
    Promise.race([Promise.resolve(work).catch(() => undefined), new Promise((resolve) => setTimeout(resolve, ms))]);

  async function describe(element) {
    const rect = element.getBoundingClientRect();
    const [source, image, edit] = await Promise.all([
      within(sourceOf(element), 3000),
      within(imageOf(element), 3000),
      within(editOf(element), 5000),
    ]);
    return {
      tag: element.localName,
      text: cut((element.innerText || element.getAttribute("aria-label") || "").trim().replace(/\s+/g, " "), 200),
      selector: cut(selectorOf(element), 500),
      html: cut(element.outerHTML, 1500),
      styles: stylesOf(element),
      rect: { x: Math.round(rect.x), y: Math.round(rect.y), width: Math.round(rect.width), height: Math.round(rect.height) },
      source,
      image,
      edit,
    };
  }

  // --- the selected element, while it is edited ---
  let selected;
  const outline = document.createElement("div");
  const outlineShadow = outline.attachShadow({ mode: "closed" });
  outlineShadow.innerHTML =
    "<style>:host{all:initial;position:fixed;inset:0;pointer-events:none;z-index:2147483647}i{position:fixed;box-sizing:border-box;border:2px solid #f89521;border-radius:3px}</style><i></i>";
  /** The element; after a hot update that replaced it the one at the same place. */
  function chosen() {
    if (!selected) return undefined;
    if (!selected.element.isConnected) {
      const found = document.querySelectorAll(selected.selector);
      if (found.length !== 1 || found[0].localName !== selected.element.localName) return undefined;
      selected = { element: found[0], selector: selected.selector, before: undefined };
    }
    return selected.element;
  }
  function frameSelected() {
    if (!selected) return;
    const element = chosen();
    const rect = element ? element.getBoundingClientRect() : { x: 0, y: 0, width: 0, height: 0 };
    Object.assign(outlineShadow.querySelector("i").style, {
      left: `${rect.x}px`,
      top: `${rect.y}px`,
      width: `${rect.width}px`,
      height: `${rect.height}px`,
      display: element ? "block" : "none",
    });
    if (!outline.isConnected) document.documentElement.append(outline);
    requestAnimationFrame(frameSelected);
  }
  function select(element, selector) {
    deselect();
    selected = { element, selector, before: undefined };
    frameSelected();
  }
  function deselect() {
    restore();
    selected = undefined;
    outline.remove();
  }
  function restore() {
    const before = selected && selected.before;
    if (!before) return;
    selected.before = undefined;
    const { element } = selected;
    for (const [node, data] of before.texts) node.data = data;
    for (const [name, value] of before.attributes)
      if (value === null) element.removeAttribute(name);
      else element.setAttribute(name, value);
  }
  /** Shows a change without writing it. `isKept`: it is in the source now, so only the styles that stood in for classes go. */
  function attempt({ text, class_name: className, attribute, styles, isKept }) {
    const element = chosen();
    if (!element) return;
    if (isKept) {
      const style = selected.before && selected.before.attributes.find(([name]) => name === "style");
      selected.before = undefined;
      if (style) selected.before = { texts: [], attributes: [style] };
      return restore();
    }
    restore();
    const nodes = textsOf(element);
    selected.before = {
      texts: nodes.map((node) => [node, node.data]),
      attributes: ["class", "style", ...attributeNames].map((name) => [name, element.getAttribute(name)]),
    };
    if (text && nodes[text.index]) nodes[text.index].data = String(text.value);
    if (typeof className === "string") element.setAttribute("class", className);
    // Neither a script URL nor a handler: only what the workbench offers, as the source would have it.
    if (attribute && attributeNames.includes(attribute.name) && !/^\s*javascript:/i.test(attribute.value))
      element.setAttribute(attribute.name, String(attribute.value));
    for (const [name, value] of Object.entries(styles || {})) element.style.setProperty(name, String(value));
  }

  // --- pointing ---
  /** A finger moves this far while it taps. */
  const tapPixels = 10;
  const isCapturing = { capture: true, passive: false };
  const swallow = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  /** The page does not see what browsers send after the pointer was released. */
  function swallowRest() {
    const names = ["mousedown", "mouseup", "touchend", "click", "dblclick"];
    for (const name of names) window.addEventListener(name, swallow, isCapturing);
    setTimeout(() => {
      for (const name of names) window.removeEventListener(name, swallow, isCapturing);
    }, 500);
  }
  let end;
  /** `picked` is called with one element, `over` last, however it ended. `directory`: the app's folder in the project. */
  function start({ picked, over, directory }) {
    if (end) end();
    deselect();
    places = new Map();
    folder = directory === "." ? "" : directory.replace(/\/+$/, "");
    const host = document.createElement("div");
    const shadow = host.attachShadow({ mode: "closed" });
    shadow.innerHTML =
      "<style>:host{all:initial;position:fixed;inset:0;pointer-events:none;z-index:2147483647}i{position:fixed;box-sizing:border-box;border:2px solid #f89521;background:rgb(248 149 33/.12);border-radius:3px}b{position:fixed;max-width:60vw;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;font:500 12px/20px ui-monospace,monospace;padding:0 6px;border-radius:3px;background:#1c1917;color:#fff}</style><i></i><b></b>";
    const [frame, label] = [shadow.querySelector("i"), shadow.querySelector("b")];
    document.documentElement.append(host);
    const cursor = document.createElement("style");
    cursor.textContent = "*{cursor:crosshair!important}";
    document.documentElement.append(cursor);
    let current;
    const show = (element) => {
      current = element;
      const rect = element.getBoundingClientRect();
      Object.assign(frame.style, { left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px` });
      label.textContent = `${element.localName}${element.id ? `#${element.id}` : ""} ${cut((element.innerText || "").trim().replace(/\s+/g, " "), 40)}`;
      Object.assign(label.style, {
        left: `${Math.max(0, rect.x)}px`,
        top: `${rect.y > 22 ? rect.y - 22 : Math.min(innerHeight - 22, rect.bottom + 2)}px`,
      });
    };
    const isOurs = (element) => !element || element === host || element === cursor;
    const move = (event) => {
      const element = document.elementFromPoint(event.clientX, event.clientY);
      if (!isOurs(element) && element !== document.documentElement) show(element);
    };
    const take = async () => {
      const element = current;
      clear();
      if (element) {
        const description = await describe(element);
        select(element, description.selector);
        picked(description);
      }
      over();
    };
    let pressed;
    const press = (event) => {
      swallow(event);
      pressed = event.isPrimary && event.button === 0 ? event : undefined;
      // A tap comes without a move before it.
      if (pressed) move(event);
    };
    // Not by `click`: a disabled button has none.
    const release = (event) => {
      swallow(event);
      const isClick =
        pressed && event.isPrimary && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) < tapPixels;
      pressed = undefined;
      if (!isClick) return;
      move(event);
      swallowRest();
      void take();
    };
    /** A finger that scrolls. */
    const leave = () => (pressed = undefined);
    /** What assistive technology clicks comes without a pointer. */
    const click = (event) => {
      swallow(event);
      if (event.detail === 0) void take();
    };
    /** The page may scroll by touch, but does not see it. */
    const hide = (event) => event.stopImmediatePropagation();
    const walk = (event) => {
      const to = {
        ArrowUp: () => current.parentElement,
        ArrowDown: () => current.firstElementChild,
        ArrowRight: () => current.nextElementSibling,
        ArrowLeft: () => current.previousElementSibling,
      }[event.key];
      if (event.key !== "Escape" && event.key !== "Enter" && !to) return;
      swallow(event);
      if (event.key === "Escape") stop();
      else if (event.key === "Enter") void take();
      else {
        const next = current && to();
        if (next && !isOurs(next) && next !== document.documentElement) {
          next.scrollIntoView({ block: "nearest" });
          show(next);
        }
      }
    };
    const again = () => current && current.isConnected && show(current);
    const listeners = {
      pointermove: move,
      pointerdown: press,
      pointerup: release,
      pointercancel: leave,
      click,
      keydown: walk,
      scroll: again,
      mousedown: swallow,
      mouseup: swallow,
      dblclick: swallow,
      contextmenu: swallow,
      touchstart: hide,
      touchmove: hide,
      touchend: hide,
    };
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener, isCapturing);
    function stop() {
      if (end !== stop) return;
      clear();
      over();
    }
    function clear() {
      end = undefined;
      host.remove();
      cursor.remove();
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener, isCapturing);
    }
    end = stop;
    window.focus();
    const first = document.querySelector("main, [role=main], body > :not(script):not(style)") || document.body;
    if (first) show(first);
  }
  /** After the page was loaded again. */
  const reselect = (selector) => {
    const found = selector ? document.querySelectorAll(selector) : [];
    if (found.length === 1) select(found[0], selector);
  };
  Object.defineProperty(window, "__tesslatePicker", { value: { start, stop: () => end && end(), attempt, deselect, reselect } });
})();
