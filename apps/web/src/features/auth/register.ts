import { passwordProblem } from "@tesslate/contract/passwords";
import type { Faults } from "../../ui/form/faults.ts";

export interface RegisterForm {
  name: string;
  email: string;
  password: string;
  setup_token: string;
}

/** Validation before the request; the server validates again. The case of an email does not matter. */
export function findRegisterFaults(form: RegisterForm): Faults<keyof RegisterForm> {
  const email = form.email.trim();
  const faults: Faults<keyof RegisterForm> = {};
  if (!email) faults.email = "Enter your email.";
  else if (!/^[^\s@]+@[^\s@]+$/.test(email)) faults.email = "Enter a valid email.";
  if (form.name.trim().length > 100) faults.name = "At most 100 characters.";
  if (!form.password) faults.password = "Enter a password.";
  else {
    const problem = passwordProblem(form.password, { email });
    if (problem) faults.password = problem;
  }
  return faults;
}
