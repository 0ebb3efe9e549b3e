import type { Workspace } from "../workspace.ts";
import { builtinSkills } from "./builtin-skills.ts";
import { parseFrontMatter } from "./front-matter.ts";
import { filesBelow, oneLine, readSmallText } from "./project-files.ts";

/** Instructions for one kind of work, loaded on demand. */
export interface Skill {
  name: string;
  /** One line: when to load it. */
  description: string;
  /** The project's SKILL.md; null = built in. */
  path: string | null;
}

/** Folders of skills, each with a `SKILL.md`. The first skill of a name wins. */
export const skillFolders = [".tesslate/skills", ".agents/skills"] as const;
export const maxProjectSkills = 20;
const maxSkillBytes = 64 * 1024;
const maxDescriptionChars = 300;
const maxListedFiles = 50;
const namePattern = /^[A-Za-z0-9][\w.-]{0,63}$/;
const skipped = new Set(["node_modules", ".git"]);

/**
 * The project's skills and the built-in ones that it does not replace. Reads at most {@link maxProjectSkills} files of 64 KiB; larger ones, and those
 * without a name or a description, are skipped. Never rejects.
 */
export async function listSkills(workspace: Workspace): Promise<Skill[]> {
  const found: Skill[] = [];
  const taken = new Set<string>();
  for (const path of (await skillFiles(workspace)).slice(0, maxProjectSkills)) {
    const text = await readSmallText(workspace, path, maxSkillBytes);
    if (text === undefined) continue;
    const { fields } = parseFrontMatter(text);
    const name = fields.get("name") ?? path.split("/").at(-2) ?? "";
    const description = oneLine(fields.get("description") ?? "", maxDescriptionChars);
    if (!namePattern.test(name) || description === "" || taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    found.push({ name, description, path });
  }
  const builtin = builtinSkills
    .filter((skill) => !taken.has(skill.name))
    .map(({ name, description }) => ({ name, description, path: null }));
  return [...found, ...builtin];
}

async function skillFiles(workspace: Workspace): Promise<string[]> {
  const all = await Promise.all(skillFolders.map((folder) => filesBelow(workspace, folder, skipped)));
  return skillFolders.flatMap((folder, index) =>
    all[index]!.filter((path) => path.endsWith("/SKILL.md") && path.split("/").length === folder.split("/").length + 2),
  );
}

/** A skill's text without front matter, and the other files of its folder; undefined for an unknown skill. */
export async function loadSkill(workspace: Workspace, name: string): Promise<{ skill: Skill; body: string; files: string[] } | undefined> {
  const skill = (await listSkills(workspace)).find((one) => one.name.toLowerCase() === name.trim().toLowerCase());
  if (!skill) return undefined;
  if (skill.path === null) return { skill, body: builtinSkills.find((one) => one.name === skill.name)?.body ?? "", files: [] };
  const text = await readSmallText(workspace, skill.path, maxSkillBytes);
  if (text === undefined) return undefined;
  const folder = skill.path.slice(0, -"/SKILL.md".length);
  const files = (await filesBelow(workspace, folder, skipped)).filter((path) => path !== skill.path).slice(0, maxListedFiles);
  return { skill, body: parseFrontMatter(text).body, files };
}
