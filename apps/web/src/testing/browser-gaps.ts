import { randomUUID } from "node:crypto";
import "@testing-library/jest-dom/vitest";
import { configure } from "@testing-library/dom";
import { afterAll, vi } from "vitest";

// A page preloads the code of the next ones; what is still loading when the environment ends would fail whichever file comes next.
afterAll(() => vi.dynamicImportSettled());

/** Node delivers messages to all threads of the process, so a test would receive those of other test files, which are other browsers. */
const browserId = randomUUID();
globalThis.BroadcastChannel = class extends globalThis.BroadcastChannel {
  constructor(name: string) {
    super(`${name} ${browserId}`);
  }
};

/** What jsdom lacks of a browser: it lays nothing out, so everything is as wide as a desktop and visible. */
class SizeObserver implements ResizeObserver {
  readonly #callback: ResizeObserverCallback;
  constructor(callback: ResizeObserverCallback) {
    this.#callback = callback;
  }
  observe(target: Element): void {
    const box = [{ inlineSize: width, blockSize: height }];
    const entry: ResizeObserverEntry = {
      target,
      contentRect: new DOMRect(0, 0, width, height),
      borderBoxSize: box,
      contentBoxSize: box,
      devicePixelContentBoxSize: box,
    };
    queueMicrotask(() => this.#callback([entry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
}
class VisibilityObserver implements IntersectionObserver {
  readonly root = null;
  readonly rootMargin = "";
  readonly scrollMargin = "";
  readonly thresholds = [0];
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): IntersectionObserverEntry[] {
    return [];
  }
}
const width = 1280;
const height = 800;

const define = (target: object, name: string, value: unknown) =>
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
const size = (name: "offsetWidth" | "offsetHeight" | "clientWidth" | "clientHeight", pixels: number) =>
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => pixels });

define(globalThis, "ResizeObserver", SizeObserver);
define(globalThis, "IntersectionObserver", VisibilityObserver);
define(globalThis, "matchMedia", (query: string) =>
  Object.assign(new EventTarget(), {
    media: query,
    matches: query.includes("reduced-motion") || query.includes("hover: hover"),
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  }),
);
define(Element.prototype, "scrollIntoView", () => undefined);
define(Element.prototype, "scrollTo", () => undefined);
define(document, "elementFromPoint", () => null);
define(document, "elementsFromPoint", () => []);
define(window, "scrollTo", () => undefined);
define(Element.prototype, "hasPointerCapture", () => false);
define(Element.prototype, "setPointerCapture", () => undefined);
define(Element.prototype, "releasePointerCapture", () => undefined);
define(Element.prototype, "getAnimations", () => []);
define(URL, "createObjectURL", () => "blob:picture");
define(URL, "revokeObjectURL", () => undefined);
/** The canvas reads its zoom by it. */
define(
  globalThis,
  "DOMMatrixReadOnly",
  class {
    readonly m22: number;
    constructor(transform = "") {
      this.m22 = Number(/scale\(([\d.]+)\)/.exec(transform)?.[1] ?? 1);
    }
  },
);
/** jsdom's would connect to whatever listens on this machine. Tests of sockets bring their own. */
define(
  globalThis,
  "WebSocket",
  class {
    static readonly OPEN = 1;
    readonly readyState = 0;
    send(): void {}
    close(): void {}
  },
);
define(Range.prototype, "getClientRects", () => []);
define(Range.prototype, "getBoundingClientRect", () => new DOMRect());
size("offsetWidth", width);
size("offsetHeight", height);
size("clientWidth", width);
size("clientHeight", height);

// A busy machine is waited for; what comes is noticed at once all the same.
configure({ asyncUtilTimeout: 10_000 });
