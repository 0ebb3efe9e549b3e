import { randomCode } from "../../../platform/crypto.ts";

/** Validation rules of accounts. Pure functions; the service chooses the error code. */

export const normalizeEmail = (email: string) => email.trim().toLowerCase();
/** ASCII only, as in registration: look-alike letters, and letters that change when lowercased (the Kelvin sign), are refused. */
export const isAsciiEmail = (email: string): boolean => isAscii(email) && /^[^\s@]+@[^\s@]+$/.test(email.trim());
export const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

// Bidirectional overrides and isolates reorder the surrounding text.
const turning = /[\u202a-\u202e\u2066-\u2069]/u;
const invisible = /[\u115f\u1160\u2800\u3164\uffa0]|(?![\u200c\u200d])\p{Cf}/gu;
/** Joiners are only meaningful between two characters (emoji sequences, Persian). */
const strayJoiners = /(?<![^\s\u200c\u200d])[\u200c\u200d]+|[\u200c\u200d]+(?![^\s\u200c\u200d])|(?<=[\u200c\u200d])[\u200c\u200d]+/gu;

/** Normalizes (NFKC), removes invisible characters and truncates a name. May return an empty string. */
export const cleanName = (name: string): string =>
  name.normalize("NFKC").replace(invisible, "").replace(strayJoiners, "").replace(/\s+/gu, " ").trim().slice(0, maxNameLength).trim();
const maxNameLength = 100;
/** An error message for an invalid name; `undefined` when it is valid. */
export const nameProblem = (name: string): string | undefined =>
  turning.test(name) || /\p{Cc}/u.test(name.trim()) ? "A name must not contain control characters" : undefined;

const reserved = new Set(
  "admin api auth dashboard login logout marketplace oauth register settings billing project library feedback referral referrals tesslate support help about terms privacy blog docs status www mail root null undefined system community official".split(
    " ",
  ),
);
/** Reserved names are reported as taken. */
export const isReservedUsername = (username: string) => reserved.has(username);
/** Empty for non-ASCII input, so that look-alikes never match. */
export const normalizeUsername = (username: string) => (isAscii(username) ? username.trim().toLowerCase() : "");
export const isWellFormedUsername = (username: string) => /^[a-z0-9][a-z0-9_-]{1,48}[a-z0-9]$/.test(username) && !/[-_]{2}/.test(username);

const localPart = (email: string) => email.split("@")[0] ?? "";
export function generateUsername(email: string): string {
  const base = localPart(email)
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "")
    .replace(/_+/g, "_")
    .slice(0, 20)
    .replace(/^_+|_+$/g, "");
  return `${base || "user"}_${randomCode(6)}`;
}
export const generateSlug = (username: string) => `${username.toLowerCase().replace(/[_ ]/g, "-")}-${randomCode(6)}`;
/** Without the digits 0 and 1, which are confused with O and I when spoken or typed. */
export const generateReferralCode = () => randomCode(8, "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789");
/** `ada.love_lace` becomes "Ada Love Lace". */
export const defaultName = (email: string): string =>
  localPart(email)
    .replace(/[._]+/g, " ")
    .trim()
    .replace(/(?<=^|\s)\p{L}/gu, (letter) => letter.toUpperCase())
    .slice(0, 100) || "User";

const imageMarks: Record<string, (bytes: Buffer) => boolean> = {
  png: (b) => b.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  jpeg: (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff,
  gif: (b) => /^GIF8[79]a/.test(b.toString("latin1", 0, 6)),
  webp: (b) => b.toString("latin1", 0, 4) === "RIFF" && b.toString("latin1", 8, 12) === "WEBP",
  avif: (b) => b.toString("latin1", 4, 8) === "ftyp" && /avif|avis|mif1/.test(b.toString("latin1", 8, 12)),
};
/** Whether the data starts like a supported raster image. */
export const isRaster = (bytes: Buffer): boolean => Object.values(imageMarks).some((isIt) => isIt(bytes));
/** The bytes of a valid data URI; `undefined` for a URL. */
export const pictureIn = (value: string): Buffer | undefined =>
  value.startsWith("data:") ? Buffer.from(value.slice(value.indexOf(",") + 1), "base64") : undefined;
/** An error message unless the value is an http(s) URL or a data URI of a raster image (never SVG, which can contain scripts). */
export function avatarProblem(value: string): string | undefined {
  if (/^https?:\/\//i.test(value)) return URL.canParse(value) ? undefined : "This is not a valid URL.";
  const [, type, data] = /^data:image\/(png|jpeg|gif|webp|avif);base64,([A-Za-z0-9+/]+={0,2})$/.exec(value) ?? [];
  if (!type || !data) return "Must be an http(s) URL, or a PNG, JPEG, GIF, WebP or AVIF image as a base64 data URI.";
  return imageMarks[type]?.(Buffer.from(data, "base64")) ? undefined : `The data is not a ${type.toUpperCase()} image.`;
}
/** The address of a website: `alder.example` becomes `https://alder.example`. `undefined` for what is none. */
export function websiteOf(given: string): string | undefined {
  const text = given.trim();
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = URL.parse(hasScheme ? text : `https://${text}`);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  // A word is no address.
  if (!hasScheme && !/.\../.test(url.hostname)) return undefined;
  return url.pathname === "/" && url.search === "" && url.hash === "" ? url.origin : url.href;
}
