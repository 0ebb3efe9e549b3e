export interface RegisterForm {
  name: string;
  email: string;
  password: string;
  setup_token: string;
}
export type RegisterErrors = Partial<Record<keyof RegisterForm | "", string>>;

const shortestPassword = 8;
const longestPassword = 128;

/** What can be seen without asking the server; it has the last word. Any letter case is fine in an e-mail. */
export function findRegisterFaults(form: RegisterForm): RegisterErrors {
  const email = form.email.trim();
  const faults: RegisterErrors = {};
  if (!email) faults.email = "Enter your e-mail.";
  else if (!/^[^\s@]+@[^\s@]+$/.test(email)) faults.email = "That does not look like an e-mail.";
  if (form.name.trim().length > 100) faults.name = "At most 100 characters.";
  if (!form.password) faults.password = "Choose a password.";
  else if (form.password.length < shortestPassword)
    faults.password = `At least ${shortestPassword} characters; this has ${form.password.length}.`;
  else if (form.password.length > longestPassword) faults.password = `At most ${longestPassword} characters.`;
  else if (form.password.toLowerCase() === email.toLowerCase()) faults.password = "Not the same as the e-mail.";
  return faults;
}
