import type { ImageSpec } from "./types.ts";

/** Every command that makes the files of an image. */
export const stepsOf = ({ build, prune }: Pick<ImageSpec, "build" | "prune">): string[][] => (prune ? [...build, prune] : build);
