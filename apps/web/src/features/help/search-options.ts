import type { Options } from "minisearch";

/** A part of a page, from one heading to the next. */
export interface HelpEntry {
  /** The address below `/help/`, with the anchor. */
  id: string;
  title: string;
  /** The title of the page. */
  page: string;
  text: string;
  /** The beginning of the text, which is shown. */
  excerpt: string;
}

/** The build indexes with the same options with which the page searches. */
export const searchOptions: Options<HelpEntry> = {
  fields: ["title", "page", "text"],
  storeFields: ["title", "page", "excerpt"],
  searchOptions: {
    boost: { title: 4, page: 2 },
    prefix: (term) => term.length > 1,
    fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    combineWith: "AND",
  },
};
