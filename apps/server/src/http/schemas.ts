import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { fullFormats } from "ajv-formats/dist/formats.js";
import fastJsonStringify, { type Schema } from "fast-json-stringify";
import type { FastifySchemaCompiler, FastifySerializerCompiler } from "fastify";

/**
 * Params and query are strings and are coerced; JSON bodies are not. Schemas are compiled on first use, because compiling all
 * of them would take most of the start-up time.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const make = (coerceTypes: boolean) => {
    const ajv = new Ajv({
      coerceTypes,
      useDefaults: true,
      removeAdditional: false,
      allErrors: true,
      // Errors list the allowed fields.
      verbose: true,
      strict: false,
      allowUnionTypes: true,
      // The contract's tests validate its schemas.
      validateSchema: false,
    });
    addFormats.default(ajv);
    // Allow surrounding spaces from copy and paste; services trim them.
    const email = fullFormats.email as RegExp;
    // What PostgreSQL accepts: no year 0, and offsets below 16 hours.
    const { validate: isDateTime } = fullFormats["date-time"] as { validate: (text: string) => boolean };
    ajv.addFormat("date-time", {
      type: "string",
      validate: (text: string) => isDateTime(text) && !text.startsWith("0000") && !/[+-](1[6-9]|2\d):?\d\d$/.test(text),
    });
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

/** Values marked with `asStored` match any schema, so that a value of an earlier version is no error. */
const withoutStored = (schema: unknown): Schema =>
  JSON.parse(JSON.stringify(schema), (_, part: unknown) =>
    typeof part === "object" && part !== null && "x-as-stored" in part ? {} : part,
  ) as Schema;

/** Serialises only fields of the contract's schema. Also compiled on first use. */
export function createSerializerCompiler(): FastifySerializerCompiler<Schema> {
  return ({ schema }) => {
    let compiled: ((data: unknown) => string) | undefined;
    return (data) => (compiled ??= fastJsonStringify(withoutStored(schema)))(data);
  };
}
