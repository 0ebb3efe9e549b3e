import { Type, type Static, type TSchema } from "./schema.ts";

/** A schema of all these events, with the fields of `frame` beside `type` and `data`. */
export const eventUnion = <const D extends Record<string, TSchema>>(data: D, frame: Record<string, TSchema>, required = ["seq"]) =>
  Type.Unsafe<{ [K in keyof D]: { type: K; data: Static<D[K]> } }[keyof D]>({
    oneOf: Object.entries(data).map(([type, schema]) => ({
      type: "object",
      required: [...required, "type", "data"],
      properties: { ...frame, type: { type: "string", const: type }, data: schema },
    })),
  });

export type EventFrame<D extends Record<string, TSchema>, F> = { [K in keyof D]: F & { type: K; data: Static<D[K]> } }[keyof D];
