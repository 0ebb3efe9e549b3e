import type { Faults } from "../../ui/form/faults.ts";

export interface RegisterForm {
  name: string;
  email: string;
  password: string;
  setup_token: string;
}

const shortestPassword = 8;
const longestPassword = 128;

/** Validation before the request; the server validates again. The case of an email does not matter. */
export function findRegisterFaults(form: RegisterForm): Faults<keyof RegisterForm> {
  const email = form.email.trim();
  const faults: Faults<keyof RegisterForm> = {};
  if (!email) faults.email = "Enter your email.";
  else if (!/^[^\s@]+@[^\s@]+$/.test(email)) faults.email = "Enter a valid email.";
  if (form.name.trim().length > 100) faults.name = "At most 100 characters.";
  if (!form.password) faults.password = "Enter a password.";
  else if (form.password.length < shortestPassword)
    faults.password = `At least ${shortestPassword} characters; this has ${form.password.length}.`;
  else if (form.password.length > longestPassword) faults.password = `At most ${longestPassword} characters.`;
  else if (form.password.toLowerCase() === email.toLowerCase()) faults.password = "Your password can't be your email.";
  return faults;
}
