import { Type, type Static, type TSchema, type TObject, type TProperties } from "typebox";

export { Type, type Static, type TSchema };

/** Lower-case UUID; a malformed one is 422. */
export const Uuid = Type.String({ format: "uuid" });
/** ISO-8601 UTC with `Z`. */
export const Timestamp = Type.String({ format: "date-time" });
/** UUID or slug of a project (README rule 5). */
export const ProjectRef = Type.String({ minLength: 1, maxLength: 80, description: "UUID or slug of the project" });
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** Of an agent, a template or a theme, or of all that a creator offers. */
export const AverageRating = Nullable(Type.Number({ description: "Mean of all reviews, 1 to 5; null without reviews" }));
/** What model calls cost: one unit everywhere. What is paid, charged or owed is whole cents or credits instead. */
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

/** The one list shape (README rule 1). */
export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), total: Type.Integer(), page: Type.Integer(), total_pages: Type.Integer() });
export interface List<T> {
  items: T[];
  total: number;
  page: number;
  total_pages: number;
}

/** `skip`+`limit` or `page`+`limit`; both `skip` and `page` is 422 (checked at the mount). */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  skip: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
};

export const ErrorBody = Type.Object({
  detail: Type.String({ description: "A sentence for a person" }),
  code: Type.String(),
  details: Type.Optional(JsonObject),
  request_id: Type.Optional(Type.String()),
});
export type ErrorBody = Static<typeof ErrorBody>;
export const ValidationErrorBody = Type.Object({
  detail: Type.Array(
    Type.Object({ loc: Type.Array(Type.Union([Type.String(), Type.Integer()])), msg: Type.String(), type: Type.String() }),
  ),
});
export type ValidationErrorBody = Static<typeof ValidationErrorBody>;

/** Answer of every action that starts work (README rule 2, accounts-projects 0.8). */
export const taskAnswer = {
  task_id: Nullable(Uuid),
  status_url: Nullable(Type.String()),
  already_running: Type.Optional(Type.Boolean()),
  already_started: Type.Optional(Type.Boolean()),
};
export const Message = Type.Object({ message: Type.String() });
export const IdParams = Type.Object({ id: Uuid });
export const ProjectParams = Type.Object({ id: ProjectRef });
