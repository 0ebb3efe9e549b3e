import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether this is the product's container image: its build leaves a file there. Source and bundle are at different depths of the root. */
export const isContainerImage = (): boolean =>
  ["../../../../.studio/image", "../../../.studio/image"].some((path) => existsSync(fileURLToPath(new URL(path, import.meta.url))));

/** How to add a program of Debian to this machine. Packages that are installed in a container are deleted with it. */
export const adviceToInstall = (packages: string): string =>
  isContainerImage() ? `Build the image with it: ./studio image build --packages "${packages}"` : `apt-get install -y ${packages}`;
