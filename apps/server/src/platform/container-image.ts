import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether this is the product's container image: its build leaves a file there. Source and bundle are at different depths of the root. */
export const isContainerImage = (): boolean =>
  ["../../../../.studio/image", "../../../.studio/image"].some((path) => existsSync(fileURLToPath(new URL(path, import.meta.url))));
