import { expect, test } from "vitest";
import { isGeneratedFile } from "./generated-files.ts";

test.each(["package-lock.json", "web/pnpm-lock.yaml", "dist/index.js", "api/.next/server/page.js", "public/app.min.css", "go.sum"])(
  "%s is generated",
  (path) => expect(isGeneratedFile(path)).toBe(true),
);
test.each(["package.json", "src/dist.ts", "src/builder/index.ts", "build", "maps/index.ts"])("%s is not", (path) =>
  expect(isGeneratedFile(path)).toBe(false),
);
