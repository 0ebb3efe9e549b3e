/*
 * Runs inside previews, before the project's own code. Reports navigation, errors, console output and
 * failed requests to /__studio/report, and speaks with the app that frames the preview. Served, never written into a project.
 * __APP_ORIGIN__ is replaced by the server.
 */
(() => {
  "use strict";
  if (window.__tesslateBridge) return;
  Object.defineProperty(window, "__tesslateBridge", { value: true });

  const appOrigin = "__APP_ORIGIN__";
  const nonceKey = "tesslate-studio-nonce";
  const maxPerWindow = 50;
  const windowMs = 10000;
  const here = () => location.pathname + location.search + location.hash;
  const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

  // --- the nonce: in the address at first, then only in this frame ---
  let nonce = "";
  const found = /(?:^#|&)studio-nonce=([\w-]{1,128})/.exec(location.hash);
  try {
    if (found) sessionStorage.setItem(nonceKey, found[1]);
    nonce = sessionStorage.getItem(nonceKey) || "";
  } catch {
    // A private window gives foreign frames no storage; a frame's name lasts from page to page too.
    if (found) window.name = `${nonceKey}:${found[1]}`;
    nonce = window.name.startsWith(`${nonceKey}:`) ? window.name.slice(nonceKey.length + 1) : "";
  }
  if (found) {
    const hash = location.hash.replace(/(^#|&)studio-nonce=[\w-]{1,128}&?/, "$1").replace(/^#$|&$/, "");
    history.replaceState(history.state, "", location.pathname + location.search + hash);
  }

  // --- reports ---
  const queue = [];
  let sent = 0;
  let windowEnd = 0;
  let dropped = 0;
  let timer;
  const originalFetch = window.fetch ? window.fetch.bind(window) : undefined;
  function flush(isLeaving) {
    clearTimeout(timer);
    timer = undefined;
    while (queue.length > 0) {
      const batch = queue.splice(0, 20);
      const body = JSON.stringify(batch);
      const blob = new Blob([body], { type: "application/json" });
      const isBeaconed = isLeaving && navigator.sendBeacon && navigator.sendBeacon("/__studio/report", blob);
      if (!isBeaconed && originalFetch)
        originalFetch("/__studio/report", { method: "POST", body: blob, credentials: "same-origin", keepalive: body.length < 60000 }).catch(
          () => {},
        );
    }
  }
  function report(entry) {
    const now = Date.now();
    if (now > windowEnd) {
      windowEnd = now + windowMs;
      sent = 0;
      if (dropped > 0) {
        const count = dropped;
        dropped = 0;
        report({ kind: "console", level: "warn", message: `${count} more messages were left out.` });
      }
    }
    // One is kept back for the line above.
    if (sent >= maxPerWindow - 1) {
      dropped += 1;
      return;
    }
    sent += 1;
    queue.push({ url: cut(here(), 2000), ...entry });
    if (queue.length >= 20) flush(false);
    else if (!timer) timer = setTimeout(flush, 200, false);
  }
  const isOurs = (url) => {
    try {
      return new URL(url, location.href).pathname.startsWith("/__studio/");
    } catch {
      return false;
    }
  };

  function textOf(value) {
    try {
      if (typeof value === "string") return value;
      if (value instanceof Error) return value.stack || String(value);
      if (value instanceof Element) return cut(value.outerHTML, 200);
      if (typeof value === "object" && value !== null) return cut(JSON.stringify(value) || String(value), 1000);
      return String(value);
    } catch {
      return "[unreadable]";
    }
  }
  for (const level of ["error", "warn", "info", "log"]) {
    const original = console[level];
    console[level] = function (...args) {
      original.apply(this, args);
      report({ kind: "console", level, message: cut(args.slice(0, 10).map(textOf).join(" "), 2000) });
    };
  }

  const whole = (value) => (Number.isFinite(value) ? Math.round(value) : undefined);
  const errorOf = (error, fallback) => ({
    kind: "error",
    message: cut(
      error instanceof Error ? `${error.name}: ${error.message}` : textOf(error === undefined || error === null ? fallback : error),
      2000,
    ),
    ...(error instanceof Error && error.stack ? { stack: cut(error.stack, 8000) } : {}),
  });
  window.addEventListener(
    "error",
    (event) => {
      const target = event.target;
      if (target && target !== window) {
        const url = target.currentSrc || target.src || target.href;
        if (typeof url === "string" && url && !isOurs(url))
          report({
            kind: "request",
            method: "GET",
            url: cut(url, 2000),
            source: cut(here(), 2000),
            message: `<${String(target.localName)}> did not load`,
          });
        return;
      }
      report({
        ...errorOf(event.error, event.message),
        source: cut(String(event.filename || ""), 2000),
        line: whole(event.lineno),
        column: whole(event.colno),
      });
    },
    true,
  );
  window.addEventListener("unhandledrejection", (event) =>
    report({ ...errorOf(event.reason, "Unhandled rejection"), source: "unhandledrejection" }),
  );

  if (originalFetch)
    window.fetch = function (input, init) {
      const started = performance.now();
      const url = typeof input === "string" ? input : input instanceof URL ? input.href : input && input.url;
      const method = String((init && init.method) || (input && input.method) || "GET").toUpperCase();
      const failed = (more) => {
        if (!isOurs(url))
          report({
            kind: "request",
            method: cut(method, 16),
            url: cut(String(url), 2000),
            source: cut(here(), 2000),
            duration_ms: whole(performance.now() - started),
            ...more,
          });
      };
      const answer = originalFetch(input, init);
      answer.then(
        (response) => {
          if (response.status >= 400)
            failed({ status: response.status, message: cut(`${response.status} ${response.statusText}`.trim(), 200) });
        },
        (error) => {
          if (!(error && error.name === "AbortError")) failed({ message: cut(textOf(error && error.message), 500) });
        },
      );
      return answer;
    };
  const { open, send } = XMLHttpRequest.prototype;
  const calls = new WeakMap();
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    calls.set(this, { method: String(method).toUpperCase(), url: String(url) });
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (...args) {
    const call = calls.get(this);
    const started = performance.now();
    let isAborted = false;
    this.addEventListener("abort", () => (isAborted = true), { once: true });
    this.addEventListener(
      "loadend",
      () => {
        if (call && !isAborted && (this.status === 0 || this.status >= 400) && !isOurs(call.url))
          report({
            kind: "request",
            method: cut(call.method, 16),
            url: cut(call.url, 2000),
            source: cut(here(), 2000),
            status: this.status,
            duration_ms: whole(performance.now() - started),
            message: this.status === 0 ? "No answer" : cut(`${this.status} ${this.statusText}`.trim(), 200),
          });
      },
      { once: true },
    );
    return send.apply(this, args);
  };
  window.addEventListener("pagehide", () => flush(true));

  // --- the app around the preview ---
  const isFramed = window.parent !== window;
  const pageKind = () => {
    const mark = document.querySelector('meta[name="tesslate-page"]');
    return mark ? mark.content : "app";
  };
  // Names this document: one that is still loading must not be taken for the next one.
  const documentId = Math.random().toString(36).slice(2);
  function post(type) {
    if (!isFramed || !nonce) return;
    window.parent.postMessage(
      { source: "tesslate-bridge", nonce, type, document: documentId, path: here(), title: cut(document.title, 300), page: pageKind() },
      appOrigin,
    );
  }
  let lastPath = "";
  let lastTitle = "";
  function moved() {
    const path = here();
    if (path !== lastPath) report({ kind: "navigation" });
    if (path === lastPath && document.title === lastTitle) return;
    lastPath = path;
    lastTitle = document.title;
    post("location");
  }
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (...args) {
      const result = original.apply(this, args);
      moved();
      return result;
    };
  }
  window.addEventListener("popstate", moved);
  window.addEventListener("hashchange", moved);
  moved();
  const ready = () => {
    post("ready");
    moved();
    // Single-page apps change the title after the address.
    if (document.head) new MutationObserver(moved).observe(document.head, { childList: true, subtree: true, characterData: true });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready, { once: true });
  else ready();

  // --- the first paint ---
  /** A page that draws neither text nor pictures counts as painted this long after it was loaded. */
  const emptyMs = 4000;
  let isPainted = false;
  function painted() {
    if (isPainted) return;
    isPainted = true;
    post("painted");
  }
  const paintedSoon = (delay) => {
    const start = () => setTimeout(painted, delay);
    if (document.readyState === "complete") start();
    else window.addEventListener("load", start, { once: true });
  };
  try {
    new PerformanceObserver((list) => list.getEntriesByName("first-contentful-paint").length > 0 && painted()).observe({
      type: "paint",
      buffered: true,
    });
    paintedSoon(emptyMs);
  } catch {
    paintedSoon(0);
  }

  // --- selecting an element ---
  const say = (type, more) => window.parent.postMessage({ source: "tesslate-bridge", nonce, type, ...more }, appOrigin);
  // The app around it returns the focus to where the person writes when a page takes it by itself, but not after a press.
  window.addEventListener("pointerdown", (event) => event.isTrusted && isFramed && nonce && say("pressed"), true);
  /** Calls `use` with the picker, which is loaded at its first use. */
  function withPicker(use, failed) {
    if (window.__tesslatePicker) return use(window.__tesslatePicker);
    const script = document.createElement("script");
    script.src = "/__studio/picker.js";
    script.onload = () => use(window.__tesslatePicker);
    // The page's own policy may forbid it.
    script.onerror = failed;
    document.documentElement.append(script);
    script.remove();
  }
  function point({ isOn, directory }) {
    if (isOn !== true) return window.__tesslatePicker && window.__tesslatePicker.stop();
    const over = () => say("pick_over");
    withPicker((picker) => {
      picker.start({ picked: (element) => say("picked", { element }), over, directory: String(directory || ".") });
      say("pick_started");
    }, over);
  }

  window.addEventListener("message", (event) => {
    const data = event.data;
    if (!isFramed || event.source !== window.parent || event.origin !== appOrigin || typeof data !== "object" || data === null) return;
    if (data.source !== "tesslate-studio" || !nonce || data.nonce !== nonce) return;
    if (data.type === "pick") point(data);
    else if (data.type === "attempt" && window.__tesslatePicker) window.__tesslatePicker.attempt(data);
    else if (data.type === "deselect" && window.__tesslatePicker) window.__tesslatePicker.deselect();
    else if (data.type === "reselect" && typeof data.selector === "string") withPicker((picker) => picker.reselect(data.selector));
    else if (data.type === "reload") location.reload();
    else if (data.type === "back") history.back();
    else if (data.type === "forward") history.forward();
    else if (data.type === "navigate" && typeof data.path === "string") {
      const to = new URL(data.path, location.origin);
      if (to.origin === location.origin) location.assign(to.href);
    }
  });
})();
