/**
 * Which passwords are accepted, for the server and for the fields where people choose one. The server also estimates how many guesses a password
 * takes, from dictionaries that are too large for a page.
 */

export const minPasswordLength = 8;
export const maxPasswordLength = 128;

export interface PasswordOwner {
  email: string;
  username?: string;
}

/** Among the most used ones, without the digits and signs that people add. */
const common = new Set(
  "password passwort passw0rd p@ssw0rd p@ssword qwerty qwertz azerty letmein welcome admin administrator login master dragon monkey football baseball iloveyou sunshine princess shadow superman batman michael jennifer whatever trustno freedom starwars charlie secret changeme default hello computer internet samsung google test".split(
    " ",
  ),
);
const rows = [
  "qwertyuiop",
  "qwertzuiop",
  "azertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "yxcvbnm",
  "1qaz2wsx3edc4rfv",
  "qazwsxedcrfv",
  "1q2w3e4r5t6y7u8i",
];

/** A well-known word with digits or signs, few different characters, or a run of the alphabet, the digits or the keyboard. */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase();
  if (common.has(text) || common.has(text.replace(/[^a-z]+$/, ""))) return true;
  const characters = [...text];
  if (new Set(characters).size <= 2) return true;
  const codes = characters.map((one) => one.codePointAt(0) ?? 0);
  const steps = new Set(codes.slice(1).map((code, index) => code - (codes[index] ?? 0)));
  // "1234567890" and "0987654321" turn over at the end.
  if ([...steps].every((step) => [1, -9].includes(step)) || [...steps].every((step) => [-1, 9].includes(step))) return true;
  return rows.some((row) => row.includes(text) || [...row].toReversed().join("").includes(text));
}

/** A sentence about a password that is refused; `undefined` for one that is not, as far as this can tell. */
export function passwordProblem(password: string, { email, username = "" }: PasswordOwner): string | undefined {
  const length = [...password].length;
  const text = password.toLowerCase();
  if (length < minPasswordLength) return `The password must have at least ${minPasswordLength} characters. This one has ${length}.`;
  if (length > maxPasswordLength) return `The password must have at most ${maxPasswordLength} characters. This one has ${length}.`;
  if (email && text === email.trim().toLowerCase()) return "The password must not be your email.";
  if (username && text === username.toLowerCase()) return "The password must not be your username.";
  if (isCommonPassword(password)) return easyToGuess;
  return undefined;
}
export const easyToGuess = "This password is too easy to guess. Use a longer one, for example four unrelated words.";

export type PasswordStrength = "weak" | "fair" | "strong";
/** Bits, by the different characters and the alphabets that they are from. */
const fairBits = 45;
const strongBits = 65;

/** An estimate for a hint beside the field. */
export function passwordStrength(password: string, owner: PasswordOwner): PasswordStrength {
  if (passwordProblem(password, owner) !== undefined) return "weak";
  const characters = [...password];
  const alphabet = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/\d/, 10],
    [/[^a-zA-Z\d]/, 20],
  ].reduce((sum, [pattern, size]) => sum + ((pattern as RegExp).test(password) ? (size as number) : 0), 0);
  // A repeated character adds half as much as a new one.
  const length = (new Set(characters).size + characters.length) / 2;
  const bits = length * Math.log2(alphabet);
  return bits >= strongBits ? "strong" : bits >= fairBits ? "fair" : "weak";
}
