import { object } from "valibot";
import { oneOfParam, pageParam } from "../../lib/search-params.ts";

/** Which items of a creator are shown, as in the URL. Without `type`: all. */
export const creatorSearch = object({ type: oneOfParam(["agents", "bases", "themes"]), page: pageParam });
