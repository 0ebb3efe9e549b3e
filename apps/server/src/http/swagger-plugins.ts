/** Plugins of Swagger UI. They run in the browser: their text is part of the page's script, so they may use nothing from outside. */
import type { Json } from "./openapi-components.ts";

/** What Swagger UI passes to a filter: operations by tag, as immutable maps. */
interface TaggedOperations {
  map(change: (tag: Tag, name: string) => Tag): TaggedOperations;
  filter(keep: (tag: Tag) => boolean): TaggedOperations;
}
interface Tag {
  get(key: "operations"): { size: number };
  update(key: "operations", change: (operations: { filter(keep: (entry: Entry) => boolean): unknown }) => unknown): Tag;
}
interface Entry {
  get(key: "path" | "method"): string;
  getIn(path: ["operation", string]): string | undefined;
}
/** The page's own filter finds tags only, this one finds operations. */
export const filterOperations = () => ({
  fn: {
    opsFilter: (tags: TaggedOperations, phrase: string) => {
      const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
      return tags
        .map((tag, name) =>
          tag.update("operations", (operations) =>
            operations.filter((entry) => {
              const parts = [
                name,
                entry.get("method"),
                entry.get("path"),
                entry.getIn(["operation", "summary"]),
                entry.getIn(["operation", "operationId"]),
              ];
              const text = parts.join(" ").toLowerCase();
              return words.every((word) => text.includes(word));
            }),
          ),
        )
        .filter((tag) => tag.get("operations").size > 0);
    },
  },
  // Tags are closed at first; those that a filter leaves are open.
  statePlugins: {
    layout: {
      wrapSelectors: {
        isShown:
          (original: (key: string[], isShown: boolean) => boolean, system: { layoutSelectors: { currentFilter(): unknown } }) =>
          (_state: unknown, key: string[], isShown: boolean) => {
            const phrase = system.layoutSelectors.currentFilter();
            return original(key, isShown || (key[0] === "operations-tag" && typeof phrase === "string" && phrase.length > 2));
          },
      },
    },
  },
});

/** The page parses documents as YAML, which takes ten times as long. */
export const parseJson = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        parseToJson:
          (_original: unknown, { specActions }: { specActions: { updateJsonSpec(document: Json): unknown } }) =>
          (text: string) =>
            specActions.updateJsonSpec(JSON.parse(text) as Json),
      },
    },
  },
});

type Resolve = (document: Json, path: string[], options?: object) => Promise<unknown>;
/**
 * The page resolves the references of the security schemes when it loads, and those of an operation or a schema when it is opened. Its resolver works
 * through the whole document each time, which takes seconds. Here it gets only what the references lead to.
 */
export const resolveReachable = () => ({
  afterLoad(this: { fn: { resolveSubtree: Resolve } }) {
    const resolve = this.fn.resolveSubtree;
    this.fn.resolveSubtree = (document, path, options) => {
      const { openapi, info, servers, security } = document;
      const reachable: Json = { openapi, info, servers, security, paths: {} };
      const copied = new Set<string>();
      const copy = (keys: string[]) => {
        let [from, to] = [document, reachable];
        for (const key of keys.slice(0, -1)) [from, to] = [(from[key] ?? {}) as Json, (to[key] ??= {}) as Json];
        const last = keys.at(-1) ?? "";
        to[last] = from[last];
        JSON.stringify(from[last], (key, value: unknown) => {
          if (key === "$ref" && typeof value === "string" && value.startsWith("#/") && !copied.has(value)) {
            copied.add(value);
            const parts = value.slice(2).split("/");
            copy(parts.map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")));
          }
          return value;
        });
      };
      copy(path);
      return resolve(reachable, path, options);
    };
  },
});
