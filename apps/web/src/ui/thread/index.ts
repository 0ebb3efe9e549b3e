export { Bead, type BeadProps } from "./Bead.tsx";
export { Thread, ThreadItem, type ThreadItemProps } from "./Thread.tsx";
export { ThreadGrip, type ThreadGripProps } from "./ThreadGrip.tsx";
export type { GripStop } from "./grip.ts";
export type { BeadKind, BeadTone, LineKind, ThreadPoint } from "./thread.types.ts";
