import { idFieldsOf, idParametersOf, isFixed, listRoutes, type Listed } from "./routes.ts";
import { contract } from "@tesslate/contract";
import { unauthorized } from "../../platform/errors.ts";
import type { CallOutcome } from "./calls.ts";

/** Access rules of the contract, shared by the short test of all routes and the full matrix. */
export const routes = listRoutes(contract);

/** Routes that accept API keys only. */
export const takesKeys = ({ spec }: Listed): boolean => spec.path.startsWith("/api/external/");
export const isClosed = ({ spec }: Listed): boolean => spec.auth === "user" || spec.auth === "superuser";
/** Paths that every signed-in user can read. */
export const isPublic = (parameter: string): boolean =>
  parameter === "/api/users/{id}" ||
  parameter.startsWith("/api/git-providers/{provider}") ||
  parameter.startsWith("/api/deployment-oauth/{provider}") ||
  parameter.startsWith("/api/feedback/{id}");
const ownedParameters = (spec: Listed["spec"]): string[] =>
  idParametersOf(spec).filter((parameter) => !isFixed(parameter) && !isPublic(parameter));
export const isOwned = ({ spec }: Listed): boolean => ownedParameters(spec).length > 0 || idFieldsOf(spec).length > 0;
/** Routes that need an object with an owner. */
export const namesOwned = ({ spec }: Listed): boolean =>
  ownedParameters(spec).length > 0 || idFieldsOf(spec).some((field) => field.isRequired);

/** Status and code of a call, or the start of its body. */
export const summary = ({ status, code, body }: CallOutcome): string => `${status} ${code ?? body.slice(0, 200)}`;

const bodyOf = (detail: string) => JSON.stringify({ detail, code: "unauthorized" });
/** Without credentials or with forged ones, and with an API key that does not exist. */
const refusals = [
  bodyOf(unauthorized().message),
  bodyOf("This API key is unknown or was deleted. Keys are created in Settings, API keys."),
];
/** The problem with a response to an unauthenticated call; false when there is none. */
export const notRefused = ({ spec }: Listed, outcome: CallOutcome): string | false =>
  spec.kind === "socket"
    ? outcome.status !== 4401 && `closed ${summary(outcome)} instead of 4401`
    : (outcome.status !== 401 || !refusals.includes(outcome.body) || outcome.authenticate !== "Bearer") &&
      `${summary(outcome)} instead of 401`;

/** Runs the work for all, six at a time. */
export async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
    }),
  );
}
