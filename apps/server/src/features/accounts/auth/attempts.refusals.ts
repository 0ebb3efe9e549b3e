import { unauthorized } from "../../../platform/errors.ts";

export const sessionInvalid = () => unauthorized("This sign-in has expired. Enter your password again.", "two_fa_session_invalid");
