import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { fullFormats } from "ajv-formats/dist/formats.js";
import fastJsonStringify, { type Schema } from "fast-json-stringify";
import type { FastifySchemaCompiler, FastifySerializerCompiler } from "fastify";

/**
 * Params and query are text and get coerced; bodies are JSON and do not. A schema is compiled when it is first needed:
 * all of them together would take most of the time in which the server starts.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const make = (coerceTypes: boolean) => {
    const ajv = new Ajv({
      coerceTypes,
      useDefaults: true,
      removeAdditional: false,
      allErrors: true,
      // Errors name the fields that there are.
      verbose: true,
      strict: false,
      allowUnionTypes: true,
      // That the contract's schemas are schemas is for its tests to say.
      validateSchema: false,
    });
    addFormats.default(ajv);
    // Spaces around an address come from copying it; services cut them off.
    const email = fullFormats.email as RegExp;
    ajv.addFormat("email", { type: "string", validate: (text: string) => email.test(text.trim()) });
    return ajv;
  };
  const loose = make(true);
  const strict = make(false);
  return ({ schema, httpPart }) => {
    let compiled: ValidateFunction | undefined;
    const validate = (data: unknown): boolean => {
      compiled ??= (httpPart === "body" ? strict : loose).compile(schema as object);
      const isValid = compiled(data);
      validate.errors = compiled.errors;
      return isValid;
    };
    validate.errors = undefined as ValidateFunction["errors"];
    return validate as ReturnType<FastifySchemaCompiler<unknown>>;
  };
}

/** What leaves the server is what the contract names and nothing else. Compiled when first needed, too. */
export function createSerializerCompiler(): FastifySerializerCompiler<Schema> {
  return ({ schema }) => {
    let compiled: ((data: unknown) => string) | undefined;
    return (data) => (compiled ??= fastJsonStringify(schema))(data);
  };
}
