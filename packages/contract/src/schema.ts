import { Type, type Static, type TSchema, type TObject, type TProperties } from "typebox";

export { Type, type Static, type TSchema };

/** The schema with a description for the API reference: what its name does not express, units, and what null means. */
export const described = <T extends TSchema>(description: string, schema: T): T =>
  // Copied with its hidden properties: the schema library keeps there whether it is optional.
  Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(schema), description: { value: description, enumerable: true } }) as T;

/** Marks values that earlier versions may have stored: a response contains them unchanged, also fields that the schema no longer names. */
export const asStored = <T extends TSchema>(schema: T): T =>
  Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(schema), "x-as-stored": { value: true, enumerable: true } }) as T;

/** Lower-case UUID; a malformed one is 422. */
export const Uuid = Type.String({ format: "uuid" });
/** ISO-8601 UTC with `Z`. */
export const Timestamp = Type.String({ format: "date-time" });
/** UUID or slug of a project. */
export const ProjectRef = Type.String({ minLength: 1, maxLength: 80, description: "UUID or slug of the project" });
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** Of an agent, a template or a theme, or of everything that a creator offers. */
export const AverageRating = Nullable(Type.Number({ description: "Mean of all reviews, 1 to 5; null without reviews" }));
/** Cost of model calls, in one unit everywhere. What is paid, charged or owed is whole cents or credits. */
export const ModelCost = Type.Number({ minimum: 0, description: "US cents with up to 8 decimals: a model call costs fractions of a cent" });
/** A limit on costs, in US cents; stored with four decimals. */
export const CostLimit = (maximum: number) => Type.Number({ minimum: 0.0001, maximum });
export const Maybe = <T extends TSchema>(schema: T) => Type.Optional(Nullable(schema));
export const Literals = <const T extends readonly string[]>(...values: T) =>
  Type.Unsafe<T[number]>({ type: "string", enum: values as unknown as string[] });
/** Free JSON object. */
export const JsonObject = Type.Record(Type.String(), Type.Unknown());

export const extend = <A extends TProperties, B extends TProperties>(base: TObject<A>, more: B): TObject<A & B> =>
  Type.Object({ ...base.properties, ...more }) as unknown as TObject<A & B>;

/** The one shape of a list. */
export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), total: Type.Integer(), page: Type.Integer(), total_pages: Type.Integer() });
export interface List<T> {
  items: T[];
  total: number;
  page: number;
  total_pages: number;
}

/** `skip`+`limit` or `page`+`limit`; giving both `skip` and `page` is 422 (checked by the mount). */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50, description: "Entries on a page" })),
  skip: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: "Entries to skip; not together with `page`" })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: "Page, from 1" })),
};

/** The body of every error except invalid input. */
export const ErrorBody = Type.Object({
  detail: Type.String({ description: "What happened and what to do, in one or two sentences, for people" }),
  code: described("Stable identifier of the error, e.g. `project_busy`", Type.String()),
  details: described("Facts for the client; which ones depends on the code", Type.Optional(JsonObject)),
  request_id: described("Only with status 5xx: names the request in the server's log", Type.Optional(Type.String())),
});
export type ErrorBody = Static<typeof ErrorBody>;
export const ValidationErrorBody = Type.Object({
  detail: Type.Array(
    Type.Object({
      loc: described(
        "Where: `body`, `query` or `path`, then the path to the field",
        Type.Array(Type.Union([Type.String(), Type.Integer()])),
      ),
      msg: described("What is wrong, and which values are allowed", Type.String()),
      type: described("`missing`, `unknown_field`, or the violated rule", Type.String()),
    }),
  ),
});
export type ValidationErrorBody = Static<typeof ValidationErrorBody>;

/** Fields of the answer to every action that starts work. */
export const taskFields = {
  task_id: Nullable(Uuid),
  status_url: Nullable(Type.String()),
  already_running: Type.Optional(Type.Boolean()),
  already_started: Type.Optional(Type.Boolean()),
};
export const MessageResponse = Type.Object({ message: Type.String() });
export const StartedTask = described("The task that an action started.", Type.Object({ task_id: Uuid, status_url: Type.String() }));
export const TaskLinks = described(
  "The task that an action started; both fields are null if there was nothing to do.",
  Type.Object({ task_id: Nullable(Uuid), status_url: Nullable(Type.String()) }),
);
export const AuthorizationUrl = described(
  "A page of a provider to open in the browser.",
  Type.Object({ authorization_url: Type.String() }),
);
export const NewName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });
export const WriteComment = Type.Object({
  content: Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S", description: "Markdown" }),
});
export const IdParams = Type.Object({ id: Uuid });
export const ProjectParams = Type.Object({ id: ProjectRef });
