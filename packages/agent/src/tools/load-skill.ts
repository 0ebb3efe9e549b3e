import { Type } from "typebox";
import { listSkills, loadSkill } from "../knowledge/skills.ts";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { pageOf } from "../truncate.ts";
import { reads } from "./gates.ts";

export const loadSkillTool = defineTool({
  name: "load_skill",
  category: "project_management",
  description: "Read a skill's instructions.",
  parameters: Type.Object({ skill_name: Type.String({ minLength: 1 }) }),
  gate: reads,
  async run({ skill_name }, context) {
    const found = await loadSkill(context.workspace, skill_name);
    if (!found) {
      const names = (await listSkills(context.workspace)).map((one) => one.name);
      throw new ToolFailure(`There is no skill "${skill_name}". There are: ${names.join(", ")}.`);
    }
    const { skill, body, files } = found;
    const shown = pageOf(body, 0, context.textLimits);
    const isWhole = shown.length === body.length;
    return done(`Skill ${skill.name}.${isWhole ? "" : ` This is its beginning; the rest is in ${skill.path ?? "it"}.`}`, {
      skill_name: skill.name,
      content: shown,
      ...(skill.path === null ? {} : { path: skill.path }),
      ...(files.length === 0 ? {} : { files }),
    });
  },
});
