import { SiteName, siteNameLength, type SiteNameCheck, type SiteNameProblem } from "@tesslate/contract";
import { Value } from "typebox/value";
import { randomCode } from "../../../platform/crypto.ts";
import { conflict, type AppError } from "../../../platform/errors.ts";

/** Names that apps cannot have: they look like the operator's own. */
const reservedNames = new Set(
  "admin administrator api app apps assets auth billing blog cdn dashboard docs ftp help imap login mail mx ns ns1 ns2 pop preview root security smtp ssl static status studio support www".split(
    " ",
  ),
);

/** Which of these names sites of this server have. */
export type ListTakenNames = (names: readonly string[]) => Promise<string[]>;

/** Why a name cannot be given to any site; undefined: it can, unless another site has it. */
export function siteNameProblem(name: string): Exclude<SiteNameProblem, "taken"> | undefined {
  if (!Value.Check(SiteName, name)) return "invalid";
  return reservedNames.has(name) ? "reserved" : undefined;
}

/** The first of the names that a site can have. */
export async function findFreeName(listTaken: ListTakenNames, names: readonly string[]): Promise<string | undefined> {
  const possible = names.filter((name) => siteNameProblem(name) === undefined);
  const taken = new Set(possible.length === 0 ? [] : await listTaken(possible));
  return possible.find((name) => !taken.has(name));
}

/** A DNS label of at most `max` characters. */
export const siteName = (text: string, max = 63): string =>
  text
    .toLowerCase()
    .replace(/[_\s]+/g, "-")
    .replace(/[^a-z0-9-]/g, "")
    .replace(/-{2,}/g, "-")
    .slice(0, max)
    .replace(/^-+|-+$/g, "") || "app";

export const siteNameTaken = (): AppError => conflict("site_name_taken", "This name is taken. Choose another one.");

const sentences: Record<SiteNameProblem, string> = {
  invalid: `Use ${siteNameLength.min} to ${siteNameLength.max} lower-case letters, digits and single hyphens.`,
  reserved: "This server reserves this name. Choose another one.",
  taken: "This name is taken. Choose another one.",
};

/** Checks a name for a site. `ownName`: the name that the site has already. */
export async function checkSiteName(
  listTaken: ListTakenNames,
  text: string,
  { ownName }: { ownName: string | undefined },
): Promise<SiteNameCheck> {
  const name = text.trim().toLowerCase();
  const isFree = name === ownName || (await findFreeName(listTaken, [name])) !== undefined;
  if (isFree) return { name, problem: null, detail: null, suggestion: null };
  const problem = siteNameProblem(name) ?? "taken";
  return { name, problem, detail: sentences[problem], suggestion: (await findFreeName(listTaken, similarNames(name))) ?? null };
}

/** Names like the given one, the most similar first. */
function similarNames(name: string): string[] {
  const ends = ["", "-app", "-site", ...Array.from({ length: 8 }, (_, index) => `-${index + 2}`), `-${randomCode(4)}`];
  return ends.map((end) => `${siteName(name, siteNameLength.max - end.length)}${end}`);
}
