import { ApiError } from "@tesslate/client/core";
import type { ReactNode } from "react";
import { fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";

/** Sentences by field. What concerns no field of the form is under "". */
export type Faults<Name extends string> = Partial<Record<Name | "", string>>;

/** Faults as the form shows them: with a link to the help where the server's error has one. */
export type ShownFaults<Name extends string> = Partial<Record<Name | "", ReactNode>>;

/** Sentences for errors that mean something particular in one form; `undefined` leaves an error to the others. */
export type FaultsOf<Name extends string> = (error: unknown) => Faults<Name> | undefined;

export const hasFaults = (faults: Faults<string>): boolean => Object.values(faults).some(Boolean);

export interface FaultOptions<Name extends string> {
  /** Sentences for errors that mean something particular in this form. */
  faultsOf?: FaultsOf<Name>;
  /** The field that shows what concerns no field, in forms with only one. */
  errorField?: Name;
}

/** What a form shows for a failed request: what only this form knows, else the fields that a 422 names, else one sentence. */
export function faultsOfRequest<Name extends string>(
  error: unknown,
  names: readonly Name[],
  { faultsOf, errorField }: FaultOptions<Name> = {},
): Faults<Name> {
  const known = faultsOf?.(error);
  if (known) return known;
  const { "": general, ...fields } = fieldErrorsOf(error, names);
  const rest = hasFaults(fields) ? general : (general ?? sentenceOf(error));
  return { ...fields, ...(rest && { [errorField ?? ""]: rest }) } as Faults<Name>;
}

/** The code whose help explains a failed request. A 422 says at each field what is expected. */
export const codeOfRequest = (error: unknown): string | undefined =>
  error instanceof ApiError && error.issues.length === 0 ? error.code : undefined;
