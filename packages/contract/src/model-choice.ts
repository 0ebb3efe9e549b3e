import { described, Maybe, Type } from "./schema.ts";

export const ModelChoice = described(
  "A model by its id, e.g. `openai/gpt-5.1`.",
  Type.Object({ model: Type.String({ minLength: 3, maxLength: 200 }) }),
);
export const ModelOverride = described("A model in place of the default.", Type.Object({ model: Maybe(Type.String({ maxLength: 200 })) }));
