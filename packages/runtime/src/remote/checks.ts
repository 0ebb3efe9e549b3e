import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";

/** Compiled on first use and kept with the schema: a walk returns thousands of entries. */
const compiled = new WeakMap<TSchema, Validator>();

const validatorOf = (schema: TSchema): Validator => {
  let validator = compiled.get(schema);
  if (!validator) {
    validator = Compile(schema) as Validator;
    compiled.set(schema, validator);
  }
  return validator;
};

export const isValid = (schema: TSchema, value: unknown): boolean => validatorOf(schema).Check(value);

/** What is wrong, such as `/argv must be array`; undefined when nothing is. */
export function findProblem(schema: TSchema, value: unknown): string | undefined {
  const validator = validatorOf(schema);
  if (validator.Check(value)) return undefined;
  const [error] = validator.Errors(value);
  return error ? `${error.instancePath} ${error.message}`.trim() : "it is malformed";
}
