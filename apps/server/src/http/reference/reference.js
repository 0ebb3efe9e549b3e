/*
 * The page at /docs. It lists and searches all operations, and shows what the server says about one. Swagger UI, which is large, is loaded when one
 * is tried out, and gets a document with that operation alone.
 */
(() => {
  "use strict";
  // Before the first paint: the theme that was chosen in the app.
  let mode;
  try {
    mode = JSON.parse(localStorage.getItem("tesslate.theme") ?? "{}")?.mode;
  } catch {
    // A blocked storage means the default.
  }
  const isDark = mode === "dark" || (mode !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark-mode", isDark);

  /** Says who the caller is: the operation that "Authorize" opens when none is open. */
  const firstOperation = "users.me";
  const byId = (id) => document.getElementById(id);

  /** The document is JSON: parsing it as YAML takes ten times as long. */
  const parseJson = () => ({
    statePlugins: {
      spec: {
        wrapActions: {
          parseToJson:
            (_original, { specActions }) =>
            (text) =>
              specActions.updateJsonSpec(JSON.parse(text)),
        },
      },
    },
  });

  let loading;
  const loadSwagger = () => {
    loading ??= new Promise((resolve, reject) => {
      const style = document.createElement("link");
      Object.assign(style, { rel: "stylesheet", href: "/docs/static/swagger-ui.css" });
      const script = document.createElement("script");
      Object.assign(script, { src: "/docs/static/swagger-ui-bundle.js", onload: resolve, onerror: reject });
      document.head.append(style, script);
    });
    loading.catch(() => (loading = undefined));
    return loading;
  };

  let ui;
  function show(text) {
    if (ui) return ui.specActions.updateSpec(text);
    ui = window.SwaggerUIBundle({
      domNode: byId("swagger"),
      spec: JSON.parse(text),
      plugins: [parseJson],
      layout: "BaseLayout",
      docExpansion: "full",
      tryItOutEnabled: true,
      defaultModelsExpandDepth: -1,
      displayRequestDuration: true,
      persistAuthorization: false,
      validatorUrl: null,
      syntaxHighlight: { activate: false },
    });
    return ui;
  }

  function start() {
    const links = [...document.querySelectorAll("#list a")];
    const sections = [...document.querySelectorAll("#list section")];
    const search = byId("search");
    const state = byId("state");

    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const section of sections) {
        const tag = section.querySelector("h2").textContent;
        let own = 0;
        for (const link of section.querySelectorAll("a")) {
          const text = `${tag} ${link.textContent} ${link.dataset.id}`.toLowerCase();
          const isFound = words.every((word) => text.includes(word));
          link.parentElement.hidden = !isFound;
          if (isFound) own += 1;
        }
        section.hidden = own === 0;
        count += own;
      }
      byId("found").textContent =
        words.length === 0
          ? ""
          : count === 0
            ? `No results for “${search.value.trim()}”`
            : count === 1
              ? "1 operation"
              : `${count} operations`;
    };
    search.addEventListener("input", filter);

    const text = async (path) => {
      const response = await fetch(path);
      if (!response.ok) throw new Error(String(response.status));
      return response.text();
    };
    /** Shows the state of what is loading; if that fails, a button that tries again. `isStill`: nothing else was opened in the meantime. */
    async function load(words, isStill, work, again) {
      state.textContent = words;
      try {
        await work();
        if (isStill()) state.textContent = "";
      } catch {
        if (!isStill()) return;
        const retry = Object.assign(document.createElement("button"), { type: "button", textContent: "Retry", onclick: again });
        state.replaceChildren("Couldn't load this operation. ", retry);
      }
    }

    let opened = 0;
    const idInAddress = () => decodeURIComponent(location.hash.split("/")[2] ?? "");
    async function open() {
      const id = idInAddress();
      const link = links.find((one) => one.dataset.id === id);
      for (const one of links) one.removeAttribute("aria-current");
      byId("introduction").hidden = link !== undefined;
      byId("operation").hidden = link === undefined;
      document.body.classList.toggle("has-operation", link !== undefined);
      document.title = `${link ? `${link.querySelector("span").textContent} · ` : ""}API reference · Tesslate Studio`;
      const turn = (opened += 1);
      byId("details").replaceChildren();
      byId("try").hidden = true;
      byId("swagger").hidden = true;
      if (!link) return;
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest" });
      byId("main").scrollTop = 0;
      const isStill = () => turn === opened;
      await load(
        "Loading operation…",
        isStill,
        async () => {
          const html = await text(`/docs/operations/${encodeURIComponent(id)}.html`);
          if (!isStill()) return;
          byId("details").innerHTML = html;
          byId("try").hidden = false;
        },
        open,
      );
    }
    /** Resolves when Swagger UI shows the operation, or a part of it. It renders some time after it was called. */
    const appears = (selector) =>
      new Promise((resolve) => {
        const find = () => document.querySelector(`#swagger:not([hidden]) ${selector}`);
        if (find()) return resolve(find());
        const observer = new MutationObserver(() => {
          if (!find()) return;
          observer.disconnect();
          resolve(find());
        });
        observer.observe(byId("swagger"), { childList: true, subtree: true, attributes: true });
      });
    async function tryOut() {
      const [id, turn] = [idInAddress(), opened];
      const isStill = () => turn === opened;
      byId("try").hidden = true;
      await load(
        "Loading form…",
        isStill,
        async () => {
          const [json] = await Promise.all([text(`/docs/operations/${encodeURIComponent(id)}.json`), loadSwagger()]);
          if (!isStill()) return;
          byId("swagger").hidden = false;
          show(json);
          await appears(`[id$="-${CSS.escape(CSS.escape(id))}"] .opblock-body`);
          if (!isStill()) return;
          byId("swagger").scrollIntoView({ block: "start" });
          byId("swagger").focus({ preventScroll: true });
        },
        tryOut,
      );
    }
    byId("try").addEventListener("click", tryOut);
    addEventListener("hashchange", () => {
      void open();
      if (location.hash.startsWith("#/")) byId("main").focus({ preventScroll: true });
    });
    void open();

    byId("authorize").addEventListener("click", async () => {
      if (byId("operation").hidden) {
        history.pushState(null, "", links.find((link) => link.dataset.id === firstOperation)?.getAttribute("href") ?? "#");
        await open();
      }
      if (byId("swagger").hidden) await tryOut();
      if (!byId("swagger").hidden) (await appears(".auth-wrapper .authorize")).click();
    });

    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      search.focus();
    });
    // Fetched, not run, so that the first operation opens sooner.
    const prefetch = () => {
      for (const [as, file] of [
        ["script", "swagger-ui-bundle.js"],
        ["style", "swagger-ui.css"],
      ])
        document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", as, href: `/docs/static/${file}` }));
    };
    (window.requestIdleCallback ?? setTimeout)(prefetch);
  }
  document.addEventListener("DOMContentLoaded", start);
})();
