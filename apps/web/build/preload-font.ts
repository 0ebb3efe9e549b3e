import type { Plugin } from "vite";

/** Adds a preload for the one font file every page paints with; its hashed name is known only at the end of the build. */
export function preloadFont(namePrefix: string): Plugin {
  return {
    name: "tesslate:preload-font",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const file = Object.keys(bundle ?? {}).find((name) => name.includes(namePrefix) && name.endsWith(".woff2"));
        if (!file) return [];
        return [
          { tag: "link", attrs: { rel: "preload", as: "font", type: "font/woff2", href: `/${file}`, crossorigin: "" }, injectTo: "head" },
        ];
      },
    },
  };
}
