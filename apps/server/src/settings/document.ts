import { settings } from "./index.ts";
import { settingsOf } from "./kinds.ts";

/** The content of `.env.example`. */
export const envExample = () =>
  [
    "# All settings with their default or an example. Copy this file to .env, which ./studio reads, and change what you need.",
    ...settingsOf(settings).flatMap((setting) => [
      "",
      `# ${setting.description}`,
      `# ${setting.env}=${setting.default || setting.example}`,
    ]),
    "",
  ].join("\n");
