/** Writes what is generated from `apps/server/src/settings/`: `.env.example` and `docs/operations/settings.md`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { envExample, settingsReference } from "../apps/server/src/settings/document.ts";

const root = join(import.meta.dirname, "..");
writeFileSync(join(root, ".env.example"), envExample());
writeFileSync(join(root, "docs/operations/settings.md"), settingsReference());
