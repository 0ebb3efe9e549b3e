import { badRequest, conflict, invalid } from "../../../platform/errors.ts";
import { isReservedUsername, isWellFormedUsername, normalizeUsername } from "./users.rules.ts";

export const usernameRule = "3 to 50 letters, digits, - or _; starts and ends with a letter or digit; no consecutive - or _";
export const takenSentence = "This username is not available.";
export const malformedUsername = () => invalid(["body", "username"], usernameRule);
export const emailTaken = () => badRequest("Another account already uses this email.", "update_user_email_already_exists");
export const usernameTaken = () => conflict("username_taken", takenSentence);

/** Throws for an invalid or reserved username. */
export const usernameOf = (given: string): string => {
  const username = normalizeUsername(given);
  if (!isWellFormedUsername(username)) throw malformedUsername();
  if (isReservedUsername(username)) throw usernameTaken();
  return username;
};

export function refuse(field: string, problem: string | undefined): void {
  if (problem) throw invalid(["body", field], problem);
}
