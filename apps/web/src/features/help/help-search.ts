import { object } from "valibot";
import { wordsParam } from "../../lib/search-params.ts";

/** What is in the URL of the help: the words that are searched. */
export const helpSearch = object({ q: wordsParam() });
