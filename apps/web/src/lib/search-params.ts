import {
  boolean,
  fallback,
  integer,
  minValue,
  nonEmpty,
  number,
  optional,
  picklist,
  pipe,
  regex,
  string,
  transform,
  union,
  type GenericSchema,
  type InferOutput,
} from "valibot";

/**
 * Parts of the schemas of search parameters (`validateSearch` of a route). A value that does not match is dropped, from what the page reads and from
 * the URL, so that every URL opens its page.
 */
export const optionalParam = <const S extends GenericSchema>(schema: S) =>
  fallback(optional(schema), undefined as InferOutput<S> | undefined);

export const textParam = optionalParam(string());
/** A search text, or the id of a filter: not empty, at most `maxLength` characters of it. */
export const wordsParam = (maxLength = 200) =>
  optionalParam(
    pipe(
      string(),
      nonEmpty(),
      transform((text) => text.slice(0, maxLength)),
    ),
  );
/** The router parses numbers and booleans in the URL; here they are text again. */
export const looseTextParam = optionalParam(
  pipe(
    union([string(), number(), boolean()]),
    transform((value) => String(value).slice(0, 200).trim()),
    nonEmpty(),
  ),
);
export const nameParam = optionalParam(pipe(string(), regex(/^[a-z_]{1,40}$/)));
export const oneOfParam = <const T extends readonly string[]>(values: T) => optionalParam(picklist(values));
/** The first page has no number. */
export const pageParam = optionalParam(pipe(number(), integer(), minValue(2)));
/** Required by the page, which says what is missing. */
export const requiredText = fallback(string(), "");
